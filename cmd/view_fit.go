package cmd

import (
	"slices"
	"strings"
)

// How narrow the columns that are wrapped may become: "Up 2 minutes" on one line, and on two.
const (
	wideStatus = 14
	minStatus  = 10
	minImage   = minShrunk
)

// fitTable makes the table of a project narrower where it is wider than width cells (0 is no limit), by as little as
// will do: without the restarts where there were none, each port on a line, images without registry and path,
// and states and images wrapped. What is still too wide is left to writeTable. A cell of several lines makes rows of its own:
// of gives the row that each has come from.
func fitTable(rows [][]string, width int, headers bool) (fitted [][]string, of []int) {
	if len(rows) == 0 {
		return nil, nil
	}
	table := make([][]string, len(rows))
	for i, row := range rows {
		table[i] = slices.Clone(row)
	}
	body := table
	if headers {
		body = table[1:]
	}
	each := func(column int, change func(string) string) {
		for _, row := range body {
			row[column] = change(row[column])
		}
	}
	over := func() int {
		if width <= 0 {
			return 0
		}
		return max(0, tableWidth(table)-width)
	}
	if over() > 0 && !slices.ContainsFunc(body, func(row []string) bool { return row[columnRestarts] != "0" && row[columnRestarts] != "-" }) {
		for i, row := range table {
			table[i] = slices.Delete(row, columnRestarts, columnRestarts+1)
		}
	}
	ports := len(table[0]) - 1
	if over() > 0 {
		each(ports, func(text string) string { return strings.ReplaceAll(text, ", ", "\n") })
	}
	if over() > 0 {
		each(columnImage, shortImage)
	}
	wrap := func(column, least int, breakable func(text string, room int) string) {
		if more := over(); more > 0 {
			room := max(least, columnWidth(table, column)-more)
			each(column, func(text string) string { return strings.Join(wrapWords(breakable(text, room), room), "\n") })
		}
	}
	wrap(columnStatus, wideStatus, func(text string, _ int) string { return text })
	wrap(columnImage, minImage, func(text string, room int) string {
		text = strings.TrimPrefix(text, "…/")
		if cells.StringWidth(text) > room {
			text = strings.Replace(text, ":", ": ", 1) // the tag on a line of its own
		}
		return text
	})
	wrap(columnStatus, minStatus, func(text string, _ int) string { return text })
	for i, row := range table {
		lines := 1
		for _, text := range row {
			lines = max(lines, 1+strings.Count(text, "\n"))
		}
		for line := range lines {
			cut := make([]string, len(row))
			for column, text := range row {
				if parts := strings.Split(text, "\n"); line < len(parts) {
					cut[column] = parts[line]
				}
			}
			fitted, of = append(fitted, cut), append(of, i)
		}
	}
	return fitted, of
}

// shortImage is the last element of an image's path with its tag or digest, "…/proxy:1", "nginx@1f2e3d4c5b6a".
func shortImage(image string) string {
	if i := strings.LastIndex(image, "/"); i >= 0 {
		image = "…" + image[i:]
	}
	return strings.Replace(image, "@sha256:", "@", 1)
}

func columnWidth(table [][]string, column int) int {
	width := 0
	for _, row := range table {
		for line := range strings.SplitSeq(row[column], "\n") {
			width = max(width, cells.StringWidth(line))
		}
	}
	return width
}

func tableWidth(table [][]string) int {
	total := 0
	for column := range table[0] {
		total += columnWidth(table, column) + columnGap
	}
	return total - columnGap
}
