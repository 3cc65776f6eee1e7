package structure

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// measures are the figures of a tree, without its tests, generated files and nested
// modules. Lines include blank ones and comments.
type measures struct {
	packages      map[string]int // lines of each
	files         map[string]int
	functions     map[string]int // by file:line and name; methods too, literals are lines of what holds them
	manyParams    int            // functions with five parameters or more
	exported      int
	undocumented  []string
	withoutDoc    []string // packages
	interfaces    int
	methods       int // of all interfaces, those that they list themselves
	globals       int // package variables, including sentinel errors
	inits, panics int
	lines         int // of everything above
	tests         int // lines of test files
	arrows        int // pairs of packages of which the first imports the second
	rooms         map[string]bool
	roomArrows    map[[2]string]bool // between folders of the top level
	depth         int                // imports on the longest chain of them
	fanOut        int                // most packages of the tree that one imports
}

// measure takes the figures of a tree.
func measure(files []*source) *measures {
	m := &measures{
		packages: map[string]int{}, files: map[string]int{}, functions: map[string]int{},
		rooms: map[string]bool{}, roomArrows: map[[2]string]bool{},
	}
	documented := map[string]bool{}
	for _, f := range files {
		switch {
		case ast.IsGenerated(f.ast):
		case f.test:
			m.tests += f.lines
		default:
			m.lines += f.lines
			m.packages[f.pkg] += f.lines
			m.files[f.path] = f.lines
			documented[f.pkg] = documented[f.pkg] || f.ast.Doc != nil
			m.file(f)
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(m.packages)) {
		if !documented[pkg] {
			m.withoutDoc = append(m.withoutDoc, pkg)
		}
	}
	m.imports(graphOf(files))
	return m
}

// file counts what one file declares.
func (m *measures) file(f *source) {
	var before *ast.FuncDecl
	for _, d := range f.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Doc == nil && before != nil && before.Name.Name == d.Name.Name && f.line(d.Pos()) == f.line(before.End())+1 {
				d.Doc = before.Doc // one comment above a block of methods that applies to all of them
			}
			before = d
			m.function(f, d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				m.spec(f, d, spec)
			}
		}
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			if id, ok := c.Fun.(*ast.Ident); ok && id.Name == "panic" {
				m.panics++
			}
		}
		return true
	})
}

// line is the line of a position.
func (s *source) line(p token.Pos) int { return s.fset.Position(p).Line }

func (m *measures) function(f *source, d *ast.FuncDecl) {
	m.functions[f.at(d)+" "+d.Name.Name] = f.line(d.End()) - f.line(d.Pos()) + 1
	if d.Type.Params.NumFields() >= 5 {
		m.manyParams++
	}
	if d.Recv == nil && d.Name.Name == "init" {
		m.inits++
	}
	if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiver(d))) {
		m.name(f, d, d.Name.Name, d.Doc)
	}
}

// receiver is the name of a method's type.
func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func (m *measures) spec(f *source, d *ast.GenDecl, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if i, ok := s.Type.(*ast.InterfaceType); ok {
			m.contract(i)
		}
		if s.Name.IsExported() {
			m.name(f, s, s.Name.Name, d.Doc, s.Doc, s.Comment)
		}
	case *ast.ValueSpec:
		for _, n := range s.Names {
			if d.Tok == token.VAR && n.Name != "_" {
				m.globals++
			}
			if n.IsExported() {
				m.name(f, n, n.Name, d.Doc, s.Doc, s.Comment)
			}
		}
	}
}

// contract counts an interface with methods; a constraint of types is none.
func (m *measures) contract(i *ast.InterfaceType) {
	n := 0
	for _, f := range i.Methods.List {
		n += len(f.Names)
	}
	if n > 0 {
		m.interfaces++
		m.methods += n
	}
}

// name counts an exported name and looks for its comment. A group's comment applies to all
// its names.
func (m *measures) name(f *source, at ast.Node, name string, docs ...*ast.CommentGroup) {
	m.exported++
	for _, d := range docs {
		if strings.ContainsFunc(d.Text(), unicode.IsLetter) {
			return
		}
	}
	m.undocumented = append(m.undocumented, f.at(at)+" "+name)
}

// room is a package's folder of the top level.
func room(pkg string) string {
	top, _, _ := strings.Cut(pkg, "/")
	return top
}

// imports takes the figures of the graph of imports.
func (m *measures) imports(g map[string][]string) {
	depths := map[string]int{}
	var depth func(pkg string) int
	depth = func(pkg string) int {
		d, known := depths[pkg]
		if !known {
			for _, to := range g[pkg] {
				if _, ours := g[to]; ours {
					d = max(d, 1+depth(to))
				}
			}
			depths[pkg] = d
		}
		return d
	}
	for pkg, all := range g {
		m.rooms[room(pkg)] = true
		out := map[string]bool{}
		for _, to := range all {
			if _, ours := g[to]; ours {
				out[to] = true
				if room(pkg) != room(to) {
					m.roomArrows[[2]string{room(pkg), room(to)}] = true
				}
			}
		}
		m.arrows += len(out)
		m.fanOut = max(m.fanOut, len(out))
		m.depth = max(m.depth, depth(pkg))
	}
}

// quantile is the smallest value that at least a share of all values do not exceed.
func quantile(values map[string]int, share float64) int {
	v := slices.Sorted(maps.Values(values))
	if len(v) == 0 {
		return 0
	}
	return v[min(len(v)-1, int(share*float64(len(v))))]
}

// largest names the largest of some values.
func largest(values map[string]int) string {
	best := ""
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if best == "" || values[name] > values[best] {
			best = name
		}
	}
	return best
}

// over lists the names whose value exceeds a bound, in order.
func over(values map[string]int, bound int) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if values[name] > bound {
			out = append(out, fmt.Sprintf("%s %d", name, values[name]))
		}
	}
	return out
}

// share is a part in per cent.
func share(part, whole int) float64 { return 100 * float64(part) / float64(max(1, whole)) }

// String is the table.
func (m *measures) String() string {
	kl := float64(m.lines) / 1000
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-30s "+format+"\n", append([]any{name}, args...)...)
	}
	row("packages / code kl", "%d / %.0f", len(m.packages), kl)
	row("package p50/max", "%d/%d (%s)", quantile(m.packages, 0.5), m.packages[largest(m.packages)], largest(m.packages))
	row("file p50/p90/max", "%d/%d/%d (%s)", quantile(m.files, 0.5), quantile(m.files, 0.9), m.files[largest(m.files)], largest(m.files))
	row("func p50/p90/p99/max", "%d/%d/%d/%d (%s)", quantile(m.functions, 0.5), quantile(m.functions, 0.9), quantile(m.functions, 0.99),
		m.functions[largest(m.functions)], largest(m.functions))
	row("five and more params %", "%.1f", share(m.manyParams, len(m.functions)))
	row("exported / package doc %", "%.1f/%.0f", share(m.exported-len(m.undocumented), m.exported), share(len(m.packages)-len(m.withoutDoc), len(m.packages)))
	row("interfaces/kl × methods", "%.1f×%.1f", float64(m.interfaces)/kl, float64(m.methods)/float64(max(1, m.interfaces)))
	row("globals/kl, init, panic/kl", "%.1f, %d, %.1f", float64(m.globals)/kl, m.inits, float64(m.panics)/kl)
	row("test %", "%.0f", share(m.tests, m.tests+m.lines))
	row("import depth / max fan-out", "%d / %d", m.depth, m.fanOut)
	row("rooms / arrows between them", "%d / %d", len(m.rooms), len(m.roomArrows))
	row("arrows between packages", "%d", m.arrows)
	row("packages over 2,500 lines", "%s", strings.Join(over(m.packages, 2500), ", "))
	return b.String()
}
