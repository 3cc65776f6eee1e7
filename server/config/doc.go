// Package config declares, in one place, everything that an operator can configure
// about the service.
//
// [Config] is that declaration: its tags hold the key, default, limits and meaning
// of every value. From it follow reading YAML ([Load]), the variables
// CORRGRAPH_SECTION_KEY and the settings section.key=value that override a file,
// validation ([Config.Validate]), the effective configuration with the source of
// each value ([Loaded.Print]), the reference page ([WriteReference]) and the keys
// that a running service can change ([Changes], [Merge]).
//
// A setting overrides a variable, a variable the file, the file the default.
// Reading is strict: an unknown or repeated key, a wrong type or a missing unit is
// an error with its position; all of them are reported at once, as [Problems].
//
// The package imports none of the packages that it configures. Every function is
// pure but Load, which reads one file; all are safe for concurrent use.
package config
