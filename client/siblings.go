package client

import (
	"go/ast"
	gobuild "go/build"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
)

// packageOf returns what `go build` is to build, in the folder of a .go file, to build that file: the folder when the file's package has more, else the
// file alone, which then needs no module.
func packageOf(path string) string {
	dir, name := filepath.Split(path)
	alone := "./" + name // also one that begins with a dash is no flag then
	p, err := gobuild.ImportDir(filepath.Clean(dir), 0)
	if err != nil {
		return alone // several packages in one folder, or none: the compiler says what else is wrong
	}
	files := slices.Concat(p.GoFiles, p.CgoFiles)
	if !slices.Contains(files, name) { // it is left out of its package by a build constraint
		return alone
	}
	programs := slices.DeleteFunc(slices.Clone(files), func(f string) bool { return !hasMain(filepath.Join(dir, f)) })
	if len(files)+len(p.SFiles) == 1 || len(programs) > 1 && slices.Contains(programs, name) { // the folder has many programs, each in a file
		return alone
	}
	return "."
}

// hasMain reports whether a file declares a function main.
func hasMain(path string) bool {
	file, _ := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if file == nil {
		return false
	}
	return slices.ContainsFunc(file.Decls, func(d ast.Decl) bool {
		f, ok := d.(*ast.FuncDecl)
		return ok && f.Recv == nil && f.Name.Name == "main"
	})
}
