package translate_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestExpansion has the cases of Kubernetes' own table (third_party/forked/golang/expansion,
// v1.36.3) go through a manifest, in an argument and in a variable.
func TestExpansion(t *testing.T) {
	for _, c := range []struct{ name, input, want string }{
		{"whole string", "$(VAR_A)", "A"},
		{"repeat", "$(VAR_A)-$(VAR_A)", "A-A"},
		{"beginning", "$(VAR_A)-1", "A-1"},
		{"middle", "___$(VAR_B)___", "___B___"},
		{"end", "___$(VAR_C)", "___C"},
		{"compound", "$(VAR_A)_$(VAR_B)_$(VAR_C)", "A_B_C"},
		{"escape and expand", "$$(VAR_B)_$(VAR_A)", "$(VAR_B)_A"},
		{"compound escape", "$$(VAR_A)_$$(VAR_B)", "$(VAR_A)_$(VAR_B)"},
		{"mixed in escapes", "f000-$$VAR_A", "f000-$VAR_A"},
		{"a backslash does not escape", `foo\$(VAR_C)bar`, `foo\Cbar`},
		{"two backslashes do not escape", `foo\\$(VAR_C)bar`, `foo\\Cbar`},
		{"lots of backslashes", `foo\\\\$(VAR_A)bar`, `foo\\\\Abar`},
		{"nested variable references", "$(VAR_A$(VAR_B))", "$(VAR_A$(VAR_B))"},
		{"nested variable references, second type", "$(VAR_A$(VAR_B)", "$(VAR_A$(VAR_B)"},
		{"a value that is a reference", "$(VAR_REF)", "$(VAR_A)"},
		{"a value that is a reference, twice", "%%$(VAR_REF)--$(VAR_REF)%%", "%%$(VAR_A)--$(VAR_A)%%"},
		{"an empty variable", "foo$(VAR_EMPTY)bar", "foobar"},
		{"an unterminated expression", "foo$(VAR_Awhoops!", "foo$(VAR_Awhoops!"},
		{"an expression without operator", "f00__(VAR_A)__", "f00__(VAR_A)__"},
		{"the shell's special variables pass through", "$?_boo_$!", "$?_boo_$!"},
		{"bare operators are ignored", "$VAR_A", "$VAR_A"},
		{"undefined variables pass through", "$(VAR_DNE)", "$(VAR_DNE)"},
		{"an even number of operators, undefined", "$$$$$$(BIG_MONEY)", "$$$(BIG_MONEY)"},
		{"an even number of operators, defined", "$$$$$$(VAR_A)", "$$$(VAR_A)"},
		{"an odd number of operators, undefined", "$$$$$$$(GOOD_ODDS)", "$$$$(GOOD_ODDS)"},
		{"an odd number of operators, defined", "$$$$$$$(VAR_A)", "$$$A"},
		{"a missing opener", "$VAR_A)", "$VAR_A)"},
		{"shell syntax is ignored", "${VAR_A}", "${VAR_A}"},
		{"a trailing incomplete expression is not consumed", "$(VAR_B)_______$(A", "B_______$(A"},
		{"a trailing opener is not consumed", "$(VAR_C)_______$(", "C_______$("},
		{"an operator at the end stays", "$(VAR_A)foobarzab$", "Afoobarzab$"},
		{"an escaped incomplete expression", `foo-\$(VAR_A`, `foo-\$(VAR_A`},
		{"lots of openers in the middle", "--$($($($($--", "--$($($($($--"},
		{"lots of openers at the beginning", "$($($($($--foo$(", "$($($($($--foo$("},
		{"lots of openers at the end", "foo0--$($($($(", "foo0--$($($($("},
		{"operators in a name are not escaped", "$(foo$$var)", "$(foo$$var)"},
		{"a newline stays", "\n", "\n"},
		{"an operator before a character beyond ASCII", "$£FOO", "$£FOO"},
		{"an operator before a wide character in the middle", "prefix-$€-suffix", "prefix-$€-suffix"},
		{"an operator before a Chinese character", "$中文", "$中文"},
	} {
		t.Run(c.name, func(t *testing.T) {
			input, err := json.Marshal(c.input)
			if err != nil {
				t.Fatal(err)
			}
			app := want(t, fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: app
    image: app:1
    args: [%[1]s]
    env:
    - {name: VAR_A, value: A}
    - {name: VAR_B, value: B}
    - {name: VAR_C, value: C}
    - {name: VAR_REF, value: "$$(VAR_A)"}
    - {name: VAR_EMPTY, value: ""}
    - {name: OUT, value: %[1]s}
`, input)).Pods[0].Apps[0]
			if got := app.Command[0]; got != c.want {
				t.Errorf("argument %q, want %q", got, c.want)
			}
			if got := app.Env[len(app.Env)-1].Value; got != c.want {
				t.Errorf("variable %q, want %q", got, c.want)
			}
		})
	}
}
