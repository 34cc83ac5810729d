package cmd

import (
	"io"
	"strings"
)

// columnGap is the cells between two columns.
const columnGap = 2

// minShrunk is how narrow the column that gives way may become.
const minShrunk = 12

// writeTable writes rows in aligned columns without borders, as podman and kubectl do. Where they
// are wider than width cells (0 is no limit), the column named shrink is shortened in the middle.
// paint colours a cell after its width is known: text/tabwriter would count the colours as text,
// and a wide rune as one cell.
func writeTable(w io.Writer, rows [][]string, width, shrink int, paint func(row, column int, text string) string) error {
	const gap = columnGap
	var widths []int
	for _, row := range rows {
		for column, text := range row {
			if column == len(widths) {
				widths = append(widths, 0)
			}
			widths[column] = max(widths[column], cells.StringWidth(text))
		}
	}
	total := gap * (len(widths) - 1)
	for _, columnWidth := range widths {
		total += columnWidth
	}
	if width > 0 && total > width && shrink < len(widths) {
		widths[shrink] = max(widths[shrink]-(total-width), min(widths[shrink], minShrunk))
	}

	var out strings.Builder
	for i, row := range rows {
		var line strings.Builder
		blank := 0
		for column, text := range row {
			if column == shrink {
				text = truncateMiddle(text, widths[column])
			}
			if text != "" {
				line.WriteString(strings.Repeat(" ", blank) + paint(i, column, text))
				blank = 0
			}
			blank += widths[column] - cells.StringWidth(text) + gap
		}
		out.WriteString(line.String() + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}
