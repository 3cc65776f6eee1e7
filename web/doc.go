// Package web is the dashboard: pages that read only the public API and its stream.
// The sources are TypeScript and Svelte below src; `npm run build` writes what
// browsers load to dist/app, which is embedded here. Without that build the package
// still compiles, and its handler serves a page with instructions.
package web
