package main

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// largest is the largest number that has a result here: on the way from any up to it to 1, an int64 is large enough.
const largest = 1_000_000_000

// parseNumber reads a message of the stream of numbers.
func parseNumber(text []byte) (int64, error) {
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || n < 1 || n > largest {
		return 0, fmt.Errorf("%.40q is not a number from 1 to %d", text, largest)
	}
	return n, nil
}

// collatz is how many steps lead from n to 1, where a step halves an even number, and takes an odd one times three
// and one more.
func collatz(n int64) (steps int64) {
	for ; n != 1; steps++ {
		if n%2 == 0 {
			n /= 2
		} else {
			n = 3*n + 1
		}
	}
	return steps
}

// result is a message of the stream of results.
type result struct {
	N      int64 `json:"n"`
	Result int64 `json:"result"`
}

func parseResult(text []byte) (r result, err error) {
	if err = json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("%.40q is not a result: %w", text, err)
	}
	return r, nil
}
