package structure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.." // of the repository
	module = "corrgraph/"
)

// source is one Go file.
type source struct {
	path  string // from the root, with slashes
	pkg   string // its folder, which is its import path within the module
	test  bool
	ast   *ast.File
	fset  *token.FileSet
	lines int
}

// imports lists what the file imports, packages of the module without its name.
func (s *source) imports() (paths []string) {
	for _, i := range s.ast.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			panic(err) // the parser has read it
		}
		paths = append(paths, strings.TrimPrefix(p, module))
	}
	return paths
}

// at is the position of a node.
func (s *source) at(n ast.Node) string {
	return s.path + ":" + strconv.Itoa(s.fset.Position(n.Pos()).Line)
}

// parse reads one file, whatever its build tags.
func parse(path string, text []byte) (*source, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return &source{
		path: path, pkg: filepath.ToSlash(filepath.Dir(path)), test: strings.HasSuffix(path, "_test.go"),
		ast: f, fset: fset, lines: strings.Count(string(text), "\n"),
	}, nil
}

// tree reads every Go file of the module.
func tree(t *testing.T) []*source {
	t.Helper()
	return treeAt(t, root)
}

// treeAt reads every Go file of the module in a folder.
func treeAt(t *testing.T, root string) (files []*source) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if rel != "." && outside(path, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s, err := parse(filepath.ToSlash(rel), text)
		if err != nil {
			return err
		}
		files = append(files, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("found %d Go files under %s: that is not the whole tree", len(files), root)
	}
	return files
}

// outside reports whether a folder is not part of the module.
func outside(path, name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || slices.Contains([]string{"testdata", "node_modules"}, name) {
		return true
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil
}

// snippet parses source that a check must reject, or must accept.
func snippet(t *testing.T, path, text string) *source {
	t.Helper()
	s, err := parse(path, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
