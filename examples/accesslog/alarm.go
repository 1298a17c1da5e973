package main

// threshold says at which share an alarm fires and at which it resolves. Between the two it
// stays as it is, so that a share near one of them does not make it flutter.
type threshold struct{ fire, resolve float64 } // 0 <= resolve < fire <= 1

// alarm is the state of one alert. The zero alarm is not firing.
type alarm struct{ firing bool }

// judge updates the alarm by how many of so many requests were bad, and reports whether that
// has changed it. It fires at the share fire of at least atLeast requests, and resolves at the share
// resolve of however few; none have a share of 0.
func (a *alarm) judge(bad, of, atLeast int64, t threshold) (changed bool) {
	was := a.firing
	if s := share(bad, of); was {
		a.firing = s > t.resolve
	} else {
		a.firing = s >= t.fire && of >= atLeast
	}
	return a.firing != was
}

func share(bad, of int64) float64 {
	if of == 0 {
		return 0
	}
	return float64(bad) / float64(of)
}
