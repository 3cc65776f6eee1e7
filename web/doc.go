// Package web is the dashboard: pages that read the public API and its stream, and
// nothing else. The sources are TypeScript and Svelte below src; `npm run build` puts
// what browsers load into dist/app, which is embedded here. Without that build the
// package still compiles, and its handler serves a page that says how to make it.
package web
