package main

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// testSampler reads the metric "test", and counts its wakes and reports.
type testSampler struct {
	*sampler
	wakes   int
	reports []error
}

func newTestSampler(interval, duration time.Duration) *testSampler {
	t := &testSampler{}
	t.sampler = &sampler{
		read:     func(at time.Time) []Sample { return []Sample{{Metric: "test", At: at}} },
		interval: interval,
		duration: duration,
		wake:     func() { t.wakes++ },
		report:   func(err error) { t.reports = append(t.reports, err) },
	}
	t.start()
	return t
}

func (t *testSampler) times() (out []time.Time) {
	for reading := range t.readings {
		out = append(out, reading[0].At)
	}
	return out
}

func TestSamplerReadsAtWholeIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()                  // whole, in a bubble
		<-time.After(300 * time.Millisecond) // of the bubble's time: not at a whole interval
		s := newTestSampler(time.Second, 4500*time.Millisecond)
		got := s.times()
		s.close()
		require.Len(t, got, 4)
		for i, at := range got {
			require.True(t, at.Equal(began.Add(time.Duration(i+1)*time.Second)), "sample %d at %v", i, at)
		}
		require.Equal(t, 5, s.wakes, "one for each sample and one for the end")
		require.Empty(t, s.reports)
		require.Equal(t, 4800*time.Millisecond, time.Since(began))
	})
}

func TestSamplerThatIsNotHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSampler(time.Second, 20500*time.Millisecond)
		<-s.ended
		require.Len(t, s.times(), waiting, "what was read first is kept")
		require.Len(t, s.reports, 20-waiting, "and each of the others is reported")
		require.ErrorContains(t, s.reports[0], "16 readings wait already")
	})
}

func TestSamplerCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSampler(time.Hour, 0)
		s.close()
		require.Empty(t, s.readings)
		require.Zero(t, s.wakes)
	})
}

func TestStamp(t *testing.T) {
	require.Equal(t, second(5), dueAfter(second(4.2), time.Second))
	require.Equal(t, second(6), dueAfter(second(4.7), time.Second), "too near to measure a change by")
	require.Equal(t, second(5), stamp(second(5), second(5.002), time.Second), "the timer was late")
	require.Equal(t, second(5), stamp(second(5), second(4.999), time.Second), "the clock was slowed")
	require.Equal(t, second(3605), stamp(second(5), second(3605.3), time.Second), "the machine has slept")
}

// brokenProbe can't be read.
type brokenProbe struct{}

func (brokenProbe) read(time.Time) (float64, error) { return 0, errors.New("no such device") }

func TestMeterReportsWhatItCannotRead(t *testing.T) {
	var reports []error
	m := meter{{"disk", brokenProbe{}}, {"mem", newMemory()}}
	got := m.read(epoch, func(err error) { reports = append(reports, err) })
	require.Len(t, got, 2)
	require.NotEqual(t, got[0].Value, got[0].Value, "NaN")
	require.Positive(t, got[1].Value)
	require.Len(t, reports, 1)
	require.EqualError(t, reports[0], "reading disk: no such device")
}
