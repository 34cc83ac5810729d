package validate_test
import ("testing";"fmt";"strings";"time";"runtime";"os"
"github.com/podup/podup/manifest";"github.com/podup/podup/validate")
func TestZ(t *testing.T){
 try:=func(name,text string){
  var a,b runtime.MemStats; runtime.ReadMemStats(&a)
  s:=time.Now(); set,p:=manifest.Load([]manifest.Source{{Name:"a.yaml",Data:[]byte(text)}}); l:=time.Since(s)
  s=time.Now(); q:=validate.Check(set,validate.Options{}); c:=time.Since(s); runtime.ReadMemStats(&b)
  all:=manifest.Merge(p,q); first:=""; if len(all)>0 {first=all[0].String(); if len(first)>200 {first=first[:200]}}
  fmt.Println(name,len(text),"load",l,"check",c,"alloc MB",(b.TotalAlloc-a.TotalAlloc)>>20,"sys",b.Sys>>20, len(all),first)
 }
 var b strings.Builder
 b.WriteString("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n")
 for i:=range 2000 { fmt.Fprintf(&b,"  - name: c%d\n    image: x/y:1\n    env:\n    - {name: A, value: b}\n    ports:\n    - containerPort: %d\n",i,i+1) }
 try("2000 containers",b.String())
 b.Reset()
 for i:=range 50 { fmt.Fprintf(&b,"---\napiVersion: v1\nkind: Pod\nmetadata: {name: a%d}\nspec:\n  containers:\n",i); for j:=range 4 {fmt.Fprintf(&b,"  - name: c%d\n    image: x/y:1\n    env:\n    - {name: A, value: b}\n    ports:\n    - containerPort: %d\n",j,j+80) } }
 try("50x4",b.String())
 d,_:=os.ReadFile("testdata/ok/plain.yaml"); try("plain",string(d))
 d,_=os.ReadFile("testdata/err/alias-bomb.yaml"); try("bomb",string(d))
 try("3MB nodes", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"+strings.Repeat("  a: b\n",3<<20/8))
 try("3MB list", strings.Repeat("- a\n",3<<20/4-10))
 try("3MB json", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[`+strings.Repeat("{},",900000)+"{}]}}")
 try("8MB docs", strings.Repeat("---\na: b\n",8<<20/9))
 try("8MB json docs", strings.Repeat("{}",4<<20))
 try("8MB broken", strings.Repeat("a: b: c\n---\n",8<<20/12))
 try("unknowns", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"+func()string{var b strings.Builder; for i:=range 100000 {fmt.Fprintf(&b,"x%d: b\n",i)}; return b.String()}())
}
