package jetstream

import (
	"fmt"
	"strings"
)

// delivery is what the server says of a message in its reply subject (NATS ADR-15):
//
//	$JS.ACK.STREAM.CONSUMER.DELIVERED.SEQUENCE.NTH.TIME.PENDING
//	$JS.ACK.DOMAIN.ACCOUNT.STREAM.CONSUMER.DELIVERED.SEQUENCE.NTH.TIME.PENDING, and perhaps more
type delivery struct {
	sequence uint64 // in the stream
	nth      uint64 // of the consumer's
	at       int64  // when it was stored, in nanoseconds since 1970
	pending  uint64 // messages for the consumer behind it
}

func parseDelivery(reply string) (d delivery, err error) {
	skip := 5
	if strings.Count(reply, ".") > 8 {
		skip = 7
	}
	rest := reply
	for range skip {
		_, rest, _ = strings.Cut(rest, ".")
	}
	var n [4]uint64
	for i := range n {
		if n[i], rest, err = leadingNumber(rest); err != nil {
			return d, fmt.Errorf("the server's word %.200q about a message can't be read: %w", reply, err)
		}
	}
	return delivery{sequence: n[0], nth: n[1], at: int64(n[2]), pending: n[3]}, nil
}

// leadingNumber reads the number that a token is, and returns what is behind the token.
func leadingNumber(s string) (n uint64, rest string, err error) {
	i := 0
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		n = n*10 + uint64(s[i]-'0')
	}
	if i == 0 || i > 20 || i < len(s) && s[i] != '.' {
		return 0, "", fmt.Errorf("a number is expected at %.30q", s)
	}
	return n, s[min(i+1, len(s)):], nil
}
