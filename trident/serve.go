package trident

// serve answers questions from outside about states.
func (c *coordinator) serve() error { return nil }

func (t *stageTask) serve() error { return nil }
