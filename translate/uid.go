package translate

import (
	"crypto/sha1"
	"encoding/hex"
)

// uidNamespace is the RFC 4122 version 5 UUID of "https://github.com/podup/podup" in the URL name space.
var uidNamespace = [16]byte{
	0xc7, 0x5f, 0x1d, 0x5a, 0x5c, 0xe0, 0x51, 0x05, 0x9b, 0x8e, 0xf8, 0x60, 0x0f, 0xc7, 0x4c, 0xa0,
}

// UID is a pod's metadata.uid: an RFC 4122 version 5 UUID of project and pod name, so that a pod
// keeps it however often it is made again.
func UID(project, pod string) string {
	sum := sha1.New()
	sum.Write(uidNamespace[:])
	sum.Write([]byte(project + "/" + pod))
	id := sum.Sum(nil)[:16]
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	text := hex.EncodeToString(id)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
