package supervisor

import (
	"fmt"
	"os"

	"go.uber.org/zap"
)

// start starts a process of the next life. The life is counted before: no two processes may have the same.
func (r *runner) start() (*child, error) {
	p := r.place
	if err := p.setLife(r.life + 1); err != nil {
		return nil, err
	}
	r.life++
	o := &r.s.options
	if err := p.writeSpec(o, r.s.id, &r.order, r.life, r.s.workerAccess(p)); err != nil {
		return nil, err
	}
	if err := writeJSON(p.root, stateFile, r.s.stateAccess(p, r.order.Worker)); err != nil {
		return nil, err
	}
	if err := p.forgetProcess(); err != nil {
		return nil, err
	}
	out, err := p.openLog(o.LogLimit, o.LogFiles)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	return r.startWith(out)
}

func (r *runner) startWith(out *os.File) (*child, error) {
	info, err := out.Stat()
	if err != nil {
		return nil, err
	}
	if !r.s.programs.right(&r.order.Program) {
		return nil, fmt.Errorf("the program %s was changed after it was fetched", r.order.Program.Digest)
	}
	c, err := launchProcess(r.program, r.order.Program.Args, environment(r.place, &r.order), r.place.path(workDir), out)
	if err != nil {
		return nil, err
	}
	c.Life, c.LogInode, c.LogStart = r.life, inode(info), info.Size()
	if err := writeJSON(r.place.root, processFile, c); err != nil {
		// It runs, but a supervisor that comes after this one will not know it, and replace it.
		r.log.Warn("the worker could not be adopted later", zap.Error(err))
	}
	return c, nil
}
