package trident

// openWindows are the contents of the windows that a batch puts records into, from the state and back.
type openWindows[K comparable, T, V, A any] struct {
	name    string
	key     func(T) K
	frame   frame
	fill    filling[T, V, A]
	store   *windowStore[K, V]
	touched map[K]*content[V]
}

func newOpenWindows[K comparable, T, V, A any](p *pipeline, n *node, spec *stateSpec, key func(T) K, f frame, fill filling[T, V, A]) openWindows[K, T, V, A] {
	return openWindows[K, T, V, A]{
		name: n.name, key: key, frame: f, fill: fill, store: newWindowStore[K, V](p, spec), touched: map[K]*content[V]{},
	}
}

// of returns what a key's windows hold.
func (w *openWindows[K, T, V, A]) of(k K) (*content[V], error) {
	if c := w.touched[k]; c != nil {
		return c, nil
	}
	c, err := w.store.get(k)
	if err != nil {
		return nil, err
	}
	w.touched[k] = &c
	return &c, nil
}

// keep puts what the batch has changed into the state.
func (w *openWindows[K, T, V, A]) keep() error {
	for k, c := range w.touched {
		if err := w.store.put(k, *c); err != nil {
			return err
		}
	}
	clear(w.touched)
	return nil
}
