package trident

func (g *graph) declareLeader(q *group) {}
