package quadlet

import (
	"fmt"
	"strings"
)

// Command is a command as a line of ExecStart. An error names what no quoting brings through.
func Command(argv []string) (string, error) {
	for _, text := range argv {
		if trouble := wordTrouble(text); trouble != "" {
			return "", fmt.Errorf("%q cannot be written in a unit: %s", text, trouble)
		}
	}
	if strings.Contains(argv[0], "$") {
		// systemd looks for the file under the doubled name (257).
		return "", fmt.Errorf("%q cannot be written in a unit: a program's path can hold no $ there", argv[0])
	}
	return words(argv), nil
}
