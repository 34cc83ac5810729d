package podmanapi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Streams of a multiplexed connection.
const (
	streamStdin  = 0 // the engine uses it for output too
	streamStdout = 1
	streamStderr = 2
	streamError  = 3 // the engine's own error
)

// frameLimit is the longest frame believed: the log drivers cut lines at 16 KiB, an attached process
// writes at most a pipe's 64 KiB at once.
const frameLimit = 16 << 20

// readFrames reads frames of one byte stream, three of nothing, four length (big endian), content.
// A stream that ends between two frames ends well; content is valid until each returns.
func readFrames(r io.Reader, each func(stream byte, content []byte) error) error {
	var header [8]byte
	var content []byte
	for {
		if _, err := io.ReadFull(r, header[:]); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		length := binary.BigEndian.Uint32(header[4:])
		if header[0] > streamError || length > frameLimit {
			return fmt.Errorf("the engine's stream is no sequence of frames (header % x)", header)
		}
		if int(length) > cap(content) {
			content = make([]byte, length)
		}
		content = content[:length]
		if _, err := io.ReadFull(r, content); err != nil {
			return io.ErrUnexpectedEOF
		}
		if header[0] == streamError {
			return fmt.Errorf("the engine: %s", oneLine(string(content)))
		}
		if err := each(header[0], content); err != nil {
			return err
		}
	}
}
