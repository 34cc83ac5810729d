package validate
import ("testing";"fmt";"reflect";"strings";"encoding/json"
corev1 "k8s.io/api/core/v1")
func TestZ(t *testing.T){
 um:=reflect.TypeFor[json.Unmarshaler]()
 var walk func(t reflect.Type, p string, d int)
 walk=func(t reflect.Type,p string, d int){
  for t.Kind()==reflect.Pointer {t=t.Elem()}
  if reflect.PointerTo(t).Implements(um) || d>4 { fmt.Println(p, t); return}
  switch t.Kind(){
  case reflect.Struct:
   if d>2 && (strings.Contains(p,"affinity")||strings.Contains(p,"robe")||strings.Contains(p,"lifecycle")||strings.Contains(p,"ephemeral")||strings.Contains(p,"initC")) {return}
   for i:=range t.NumField(){ f:=t.Field(i); n,_,_:=strings.Cut(f.Tag.Get("json"),","); if n=="" {walk(f.Type,p,d);continue}; walk(f.Type,p+"."+n,d+1)}
  case reflect.Slice: walk(t.Elem(),p+"[]",d)
  case reflect.Map: fmt.Println(p+"{}",t)
  default: fmt.Println(p,t)
  }
 }
 walk(reflect.TypeFor[corev1.PodSpec](),"spec",0)
 walk(reflect.TypeFor[corev1.PersistentVolumeClaimSpec](),"pvc",0)
}
