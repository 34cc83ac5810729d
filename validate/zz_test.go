package validate_test
import ("testing";"fmt";"strings";"time";"runtime"
"github.com/podup/podup/manifest";"github.com/podup/podup/validate")
func TestZ(t *testing.T){
 try:=func(name,text string){
  var a,b runtime.MemStats; runtime.ReadMemStats(&a)
  s:=time.Now(); set,p:=manifest.Load([]manifest.Source{{Name:"a.yaml",Data:[]byte(text)}}); l:=time.Since(s)
  s=time.Now(); q:=validate.Check(set,validate.Options{}); c:=time.Since(s); runtime.ReadMemStats(&b)
  all:=manifest.Merge(p,q); first:=""; if len(all)>0 {first=all[0].String(); if len(first)>200 {first=first[:200]}}
  fmt.Println(name,len(text),"load",l,"check",c,"alloc MB",(b.TotalAlloc-a.TotalAlloc)>>20,"sys",b.Sys>>20, len(all),first)
 }
 for _,n:=range []int{10000,20000,50000,100000} {
 try("json", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[`+strings.Repeat("{},",n)+"{}]}}")
 }
}
