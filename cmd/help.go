package cmd

import "github.com/spf13/cobra"

// helpOnKnown makes help answer to a word that is no command as podup itself does. Cobra prints
// "Unknown help topic" with all of the usage, and exits 0.
func helpOnKnown(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, command := range root.Commands() {
		if command.Name() != "help" {
			continue
		}
		show := command.Run
		command.Run = nil
		command.RunE = func(command *cobra.Command, args []string) error {
			if _, _, err := root.Find(args); err != nil {
				word, _ := unknownCommand(err)
				if text := explainUnknown(root, word); text != "" {
					return usagef("%w%s", err, text)
				}
				return usagef("%w: podup help lists them", err)
			}
			show(command, args)
			return nil
		}
	}
}
