package cmd

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/podup/podup/supervise"
)

type eventsOptions struct {
	app       *app
	pods      []string
	follow    bool
	noHeaders bool
	since     string
	output    enum
}

func newEventsCommand(a *app, run func(context.Context, *eventsOptions) error) *cobra.Command {
	opts := &eventsOptions{app: a, output: outputFlag()}
	command := &cobra.Command{
		Use:   "events [POD...]",
		Short: "List what has happened to the pods",
		Long: `List what has happened to the pods of a project: starts, kills, failed probes and hooks,
back-off, in the words of a kubelet. The same event is listed once, with how often it came.

podup keeps the last events for as long as the machine runs; no engine is asked for them.`,
		Example: `  podup events
  podup events -f web
  podup events --since 10m -o json`,
		Args: fileArgs,
		RunE: func(command *cobra.Command, args []string) error {
			opts.pods = args
			if run == nil {
				run = runEvents
			}
			return run(command.Context(), opts)
		},
		ValidArgsFunction: a.completePods,
	}
	flags := command.Flags()
	a.filesFlag(flags, "")
	flags.BoolVarP(&opts.follow, "follow", "f", false, "go on with what happens from now on")
	flags.StringVar(&opts.since, "since", "", "list events from this time on: a duration before now (10m) or a time (2006-01-02T15:04:05Z)")
	flags.BoolVar(&opts.noHeaders, "no-headers", false, "leave the column headers out")
	flags.VarP(&opts.output, "output", "o", "output format: text, or json, a JSON document a line")
	return command
}

// eventsEvery is how soon an event is shown that comes while they are followed.
const eventsEvery = 100 * time.Millisecond

func runEvents(ctx context.Context, opts *eventsOptions) error {
	a := opts.app
	since, err := parseTime("--since", opts.since, time.Now())
	if err != nil {
		return err
	}
	project, err := a.existingProject()
	if err != nil {
		return err
	}
	runtime, err := openRuntime(a.env.Getenv, project)
	if err != nil {
		return err
	}
	show := newEventView(a, opts)
	reader := eventReader{path: runtime.eventsPath()}
	defer reader.close()
	for first := true; ; first = false {
		events, err := reader.next()
		if err != nil {
			return err
		}
		events = slices.DeleteFunc(events, func(e supervise.Event) bool {
			return e.Time.Before(since) || len(opts.pods) > 0 && !slices.Contains(opts.pods, e.Pod) && !slices.Contains(opts.pods, eventObject(e))
		})
		if err := show(events, first); err != nil {
			return quietly(ctx, err)
		}
		if !opts.follow {
			if len(events) == 0 && opts.output.value == "text" {
				text := a.installedText(project)
				if text == "" {
					text = fmt.Sprintf("project %s has no events%s", project, ofPods(opts.pods))
				}
				fmt.Fprintln(a.env.Err, text)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return exit(exitInterrupted, nil)
		case <-time.After(eventsEvery):
		}
	}
}

func ofPods(pods []string) string {
	if len(pods) == 0 {
		return ""
	}
	return " of " + clean(strings.Join(pods, ", "))
}

// newEventView gives what shows events as they come; first are those that were there before.
func newEventView(a *app, opts *eventsOptions) func(events []supervise.Event, first bool) error {
	if opts.output.value == outputJSON {
		stream := newJSONStream(a.env.Out)
		return func(events []supervise.Event, _ bool) error {
			for _, e := range events {
				if err := stream.write(eventDocument(e)); err != nil {
					return err
				}
			}
			return nil
		}
	}
	color := newPalette(a.env.Out, a.env.Getenv, a.color.value)
	widths := []int{len("LAST SEEN"), len("TYPE"), len("REASON"), len("OBJECT")}
	width, _, _ := terminalSize(a.env.Out)
	return func(events []supervise.Event, first bool) error {
		if len(events) == 0 && !(first && opts.follow && !opts.noHeaders) {
			return nil
		}
		var rows []eventRow
		if first {
			rows = foldEvents(events)
		} else { // what comes is shown when it comes, each time
			for _, e := range events {
				rows = append(rows, eventRow{event: e, first: e.Time, count: 1})
			}
		}
		return writeEvents(a.env.Out, color, rows, time.Now(), first && !opts.noHeaders, widths, width)
	}
}

type eventLine struct {
	Type      string    `json:"type"` // event
	Time      time.Time `json:"time"`
	Pod       string    `json:"pod"`
	Container string    `json:"container,omitempty"`
	EventType string    `json:"eventType"` // Normal or Warning
	Reason    string    `json:"reason"`
	Message   string    `json:"message"`
}

func eventDocument(e supervise.Event) eventLine {
	return eventLine{"event", e.Time, e.Pod, e.Container, e.Type, e.Reason, e.Message}
}

// eventObject is what other commands take for the thing an event is about.
func eventObject(e supervise.Event) string {
	if e.Container == "" {
		return e.Pod
	}
	return e.Pod + "/" + e.Container
}

// eventRow is an event that came once or more often.
type eventRow struct {
	event supervise.Event // the last time
	first time.Time
	count int
}

// foldEvents makes one of equal events, as kubectl events does; each stands where it came last.
func foldEvents(events []supervise.Event) []eventRow {
	at := map[supervise.Event]*eventRow{}
	var rows []*eventRow
	for _, e := range events {
		key := e
		key.Time = time.Time{}
		row := at[key]
		if row == nil {
			row = &eventRow{first: e.Time}
			at[key] = row
			rows = append(rows, row)
		}
		row.event = e
		row.count++
	}
	slices.SortStableFunc(rows, func(a, b *eventRow) int { return a.event.Time.Compare(b.event.Time) })
	out := make([]eventRow, 0, len(rows))
	for _, row := range rows {
		out = append(out, *row)
	}
	return out
}

// seen is "12s", or "12s (x3 over 2m)".
func (r eventRow) seen(now time.Time) string {
	text := ageText(r.event.Time, now)
	if r.count > 1 {
		text += fmt.Sprintf(" (x%d over %s)", r.count, ageText(r.first, now))
	}
	return text
}

const (
	minMessage    = 24 // cells beside the other columns; where there are less, messages stand below
	messageIndent = 4  // of those
)

// writeEvents writes events in columns that are as wide as those before, so that what follows stays in
// line; columns grow. Messages are last, and wrapped to width cells within their column; 0 is no limit.
func writeEvents(w io.Writer, color palette, rows []eventRow, now time.Time, headers bool, columns []int, width int) error {
	table := make([][]string, 0, len(rows)+1)
	if headers {
		table = append(table, []string{"LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"})
	}
	for _, row := range rows {
		e := row.event
		table = append(table, []string{row.seen(now), clean(e.Type), clean(e.Reason), clean(eventObject(e)), clean(e.Message)})
	}
	left := 0
	for i := range columns {
		for _, row := range table {
			columns[i] = max(columns[i], cells.StringWidth(row[i]))
		}
		left += columns[i] + columnGap
	}
	const object = 3
	longest := 0
	for _, row := range table {
		longest = max(longest, cells.StringWidth(row[len(columns)]))
	}
	below := width > 0 && width-left < min(minMessage, longest)
	if over := left - columnGap - width; below && over > 0 {
		left -= columns[object]
		columns[object] = max(columns[object]-over, min(columns[object], minShrunk))
		left += columns[object]
	}
	var out strings.Builder
	for i, row := range table {
		var line strings.Builder
		for column := range columns {
			text := row[column]
			if column == object {
				text = truncateMiddle(text, columns[column])
			}
			padded := pad(text, columns[column]) + "  "
			switch {
			case headers && i == 0:
				padded = color.bold(text) + padded[len(text):]
			case column == 1 && text == supervise.Warning:
				padded = color.yellow(text) + padded[len(text):]
			}
			line.WriteString(padded)
		}
		message, indent := []string{row[len(columns)]}, left
		switch {
		case below:
			out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
			indent = messageIndent
			line.Reset()
			line.WriteString(strings.Repeat(" ", indent))
			message = wrapWords(message[0], max(width-indent, minMessage))
		case width > 0:
			message = wrapWords(message[0], width-indent)
		}
		if headers && i == 0 {
			message[0] = color.bold(message[0])
		}
		for i, text := range message {
			if i > 0 {
				line.Reset()
				line.WriteString(strings.Repeat(" ", indent))
			}
			out.WriteString(strings.TrimRight(line.String()+text, " ") + "\n")
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}
