// Package templates holds the text of units. What stands in it, and how it is quoted, is decided by who
// executes them.
package templates

import (
	"embed"
	"fmt"
	"text/template"
)

//go:embed */*.tmpl
var files embed.FS

// Parse gives the templates of a directory, "quadlet" or "systemd", each by its file's name. A function
// that a template calls must be among funcs.
func Parse(directory string, funcs template.FuncMap) (*template.Template, error) {
	parsed, err := template.New(directory).Option("missingkey=error").Funcs(funcs).ParseFS(files, directory+"/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("parse templates of %s: %w", directory, err)
	}
	return parsed, nil
}
