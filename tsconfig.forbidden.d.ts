// Packages that a half must not import are mapped to this file in the tsconfig files.
// It is no module, so importing such a package is a compile error.
