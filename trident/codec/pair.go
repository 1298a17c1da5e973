package codec

import "fmt"

// Pair is a key with a value. As JSON, as which queries and gale state get tell it, it is {"key": ..., "value": ...}.
type Pair[K comparable, V any] struct {
	Key   K `json:"key"`
	Value V `json:"value"`
}

// TridentCodec implements [Encoded].
func (Pair[K, V]) TridentCodec() (Codec[Pair[K, V]], error) { return pairFor[K, V]() }

func (Pair[K, V]) sliceCodec() (any, error) {
	c, err := pairFor[K, V]()
	return sliceCodec[Pair[K, V]]{c}, err
}

func pairFor[K comparable, V any]() (c pairCodec[K, V], err error) {
	key, err := For[K]()
	if err != nil {
		return c, fmt.Errorf("the key of a pair: %w", err)
	}
	value, err := For[V]()
	if err != nil {
		return c, fmt.Errorf("the value of a pair: %w", err)
	}
	return pairCodec[K, V]{inner(key), inner(value)}, nil
}

type pairCodec[K comparable, V any] struct {
	key   codec[K]
	value codec[V]
}

func (c pairCodec[K, V]) Append(b []byte, x Pair[K, V]) ([]byte, error) {
	more, err := c.key.Append(b, x.Key)
	if err != nil {
		return b, err
	}
	if more, err = c.value.Append(more, x.Value); err != nil {
		return b, err
	}
	return more, nil
}

func (c pairCodec[K, V]) Decode(b []byte) (Pair[K, V], []byte, error) { return decode(c, b) }
func (c pairCodec[K, V]) Size(x Pair[K, V]) int {
	return c.key.Size(x.Key) + c.value.Size(x.Value)
}

func (c pairCodec[K, V]) read(in *input) (x Pair[K, V], err error) {
	if x.Key, err = c.key.read(in); err != nil {
		return x, err
	}
	x.Value, err = c.value.read(in)
	return x, err
}
