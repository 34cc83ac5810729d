package cmd

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/podup/podup/podmanapi"
)

func newVersionCommand(a *app) *cobra.Command {
	var short bool
	output := outputFlag()
	command := &cobra.Command{
		Use:   "version",
		Short: "Show the versions of podup and of the engine",
		Long: `Show the versions of podup and of the engine, and the engine's address. An engine that
cannot be reached is no failure.`,
		Example: `  podup version
  podup version --short
  podup version -o json`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, _ []string) error {
			if short {
				_, err := fmt.Fprintln(a.env.Out, clientVersion().Version)
				return err
			}
			return a.version(command.Context(), output.value)
		},
	}
	command.Flags().BoolVar(&short, "short", false, "print only podup's own version; the engine is not asked")
	command.Flags().VarP(&output, "output", "o", "output format: text or json")
	return command
}

type versionDocument struct {
	FormatVersion string         `json:"formatVersion"`
	Client        clientDocument `json:"client"`
	Engine        *engineVersion `json:"engine,omitempty"` // missing where none can be reached
}

type clientDocument struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

type engineVersion struct {
	Version  string `json:"version"`
	API      string `json:"api"`
	URL      string `json:"url"`
	Rootless bool   `json:"rootless"`
	Local    bool   `json:"local"`
}

// version shows both versions. An engine that cannot be reached is said, and is no failure: the
// question about podup itself has been answered.
func (a *app) version(ctx context.Context, output string) error {
	doc := versionDocument{FormatVersion: formatVersion, Client: clientVersion()}
	engine, err := a.engineVersion(ctx)
	switch {
	case ctx.Err() != nil:
		return exit(exitInterrupted, nil)
	case err != nil:
		a.warn("no engine: " + clean(err.Error()))
	default:
		doc.Engine = &engineVersion{engine.Engine, engine.API, engine.URL, engine.Rootless, engine.Local}
	}
	if output == outputJSON {
		return writeJSON(a.env.Out, doc)
	}
	w := tabwriter.NewWriter(a.env.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "podup:\t%s\t%s, %s\n", doc.Client.describe(), doc.Client.Go, doc.Client.Platform)
	if e := doc.Engine; e != nil {
		kind := "rootful"
		if e.Rootless {
			kind = "rootless"
		}
		if !e.Local {
			kind += ", remote"
		}
		fmt.Fprintf(w, "Podman:\t%s\tAPI %s, %s\n\t\t%s\n", clean(e.Version), clean(e.API), kind, clean(e.URL))
	}
	return w.Flush()
}

func (a *app) engineVersion(ctx context.Context) (podmanapi.Version, error) {
	engine, err := a.connect(ctx)
	if err != nil {
		return podmanapi.Version{}, err
	}
	defer engine.Close()
	return engine.Version(ctx)
}

func (d clientDocument) describe() string {
	if d.Revision == "" {
		return d.Version
	}
	revision := d.Revision[:min(len(d.Revision), 12)]
	if d.Modified {
		revision += ", modified"
	}
	return fmt.Sprintf("%s (%s)", d.Version, revision)
}

// clientVersion is what the Go tools have recorded in the binary: the module's version, for
// `go install`, and the revision, for a build in a checkout.
func clientVersion() clientDocument {
	doc := clientDocument{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return doc
	}
	if info.Main.Version != "" {
		doc.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			doc.Revision = setting.Value
		case "vcs.modified":
			doc.Modified = setting.Value == "true"
		}
	}
	return doc
}
