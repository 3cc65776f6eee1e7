// Package config is what an operator may decide about the service, declared once.
//
// [Config] is that declaration: its tags hold the key, the default, the limits and
// the meaning of every value. From it follow reading YAML ([Load]), the variables
// CORRGRAPH_SECTION_KEY and the settings section.key=value that override a file,
// the checks ([Config.Validate]), the effective configuration with the source of
// each value ([Loaded.Print]), the reference page ([WriteReference]) and which keys
// a running service can take over ([Changes], [Merge]).
//
// A setting wins over a variable, a variable over the file, the file over the
// default. Reading is strict: an unknown key, a key twice, a wrong type or a
// missing unit is an error that says where it stands; all of them are reported at
// once, as [Problems].
//
// The package knows none of the packages that its values are for. Every function
// is pure but Load, which reads one file; all are safe for concurrent use.
package config
