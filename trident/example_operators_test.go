package trident_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/worker"
)

// printing is a sink that gives back what was committed, sorted.
func printing(s trident.Stream[string], b *topology.Builder) {
	got := commits(s, "printed")
	topo, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	w, err := worker.New(topo, worker.Options{})
	if err == nil {
		err = w.Run(context.Background())
	}
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(strings.Join(slices.Sorted(slices.Values(got.all())), "\n"))
}

// payment is a record of the examples.
type payment struct {
	Account string
	Cents   int64
	At      time.Time
}

func accountOf(p payment) string { return p.Account }
func centsOf(p payment) int64    { return p.Cents }
func timeOf(p payment) time.Time { return p.At }

func payments() trident.Source[payment] {
	at := func(seconds int) time.Time { return time.Date(2026, 1, 1, 12, 0, seconds, 0, time.UTC) }
	return trident.Records([]payment{
		{"ann", 500, at(1)}, {"bob", 200, at(3)}, {"ann", 250, at(9)}, {"ann", 100, at(11)}, {"bob", 900, at(25)},
	})
}

func ExampleTumblingTime() {
	b := topology.NewBuilder("payments")
	byAccount := trident.GroupBy(trident.NewStream(b, "payments", payments()), accountOf)
	sums := trident.TumblingTime(byAccount, "sums", 10*time.Second, trident.Sum(centsOf), trident.EventTime(timeOf, time.Second))
	printing(trident.Map(sums.Results(), func(p trident.Pair[string, trident.Window[int64]]) string {
		return fmt.Sprint(p.Value.Start.Format(time.TimeOnly), " ", p.Key, " ", p.Value.Value)
	}), b)
	// Output:
	// 12:00:00 ann 750
	// 12:00:00 bob 200
	// 12:00:10 ann 100
	// 12:00:20 bob 900
}

func ExampleSlidingCount() {
	b := topology.NewBuilder("payments")
	byAccount := trident.GroupBy(trident.NewStream(b, "payments", payments()), accountOf)
	sums := trident.SlidingCount(byAccount, "sums", 2, 1, trident.Sum(centsOf))
	printing(trident.Map(sums, func(p trident.Pair[string, int64]) string { return fmt.Sprint(p.Key, " ", p.Value) }), b)
	// Output:
	// ann 350
	// ann 750
	// bob 1100
}

func ExampleJoin() {
	b := topology.NewBuilder("payments")
	paid := trident.GroupBy(trident.NewStream(b, "payments", payments()), accountOf)
	names := trident.GroupBy(trident.NewStream(b, "names", trident.Records([]string{"ann"})), func(s string) string { return s })
	joined := trident.Join(paid, names, trident.Inner)
	printing(trident.Map(joined, func(j trident.Joined[string, payment, string]) string {
		return fmt.Sprint(j.Right, " paid ", j.Left.Cents)
	}), b)
	// Output:
	// ann paid 100
	// ann paid 250
	// ann paid 500
}

func ExampleUpdate() {
	b := topology.NewBuilder("payments")
	byAccount := trident.GroupBy(trident.NewStream(b, "payments", payments()), accountOf)
	highest := trident.Update(byAccount, "highest", func(_ string, old int64, _ bool, paid []payment) (int64, bool) {
		for _, p := range paid {
			old = max(old, p.Cents)
		}
		return old, true
	})
	printing(trident.Map(highest.Updates(), func(p trident.Pair[string, int64]) string { return fmt.Sprint(p.Key, " ", p.Value) }), b)
	// Output:
	// ann 500
	// bob 900
}

func ExampleBranch() {
	b := topology.NewBuilder("payments")
	of := trident.Branch(trident.NewStream(b, "payments", payments()), func(p payment) bool { return p.Cents >= 500 })
	large := trident.Map(of[0], func(p payment) string { return fmt.Sprint("large ", p.Cents) })
	others := trident.Map(of[1], func(p payment) string { return fmt.Sprint("other ", p.Cents) })
	printing(trident.Merge(large, others), b)
	// Output:
	// large 500
	// large 900
	// other 100
	// other 200
	// other 250
}

func ExampleFirstNBy() {
	b := topology.NewBuilder("payments")
	top := trident.FirstNBy(trident.NewStream(b, "payments", payments()), 2, func(a, b payment) bool { return a.Cents > b.Cents })
	printing(trident.Map(top, func(p payment) string { return fmt.Sprint(p.Account, " ", p.Cents) }), b)
	// Output:
	// ann 500
	// bob 900
}

func ExampleBoth() {
	b := topology.NewBuilder("payments")
	byAccount := trident.GroupBy(trident.NewStream(b, "payments", payments()), accountOf)
	both := trident.Aggregate(byAccount, trident.Both[payment](trident.Count[payment](), trident.Max(centsOf)))
	printing(trident.Map(both, func(p trident.Pair[string, trident.Two[int64, int64]]) string {
		return fmt.Sprint(p.Key, ": ", p.Value.First, " payments, the highest of ", p.Value.Second)
	}), b)
	// Output:
	// ann: 3 payments, the highest of 500
	// bob: 2 payments, the highest of 900
}
