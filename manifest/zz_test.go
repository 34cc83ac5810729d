package manifest
import ("testing";"fmt";"os";"strings")
func TestZ(t *testing.T){
 s,err:=Read(strings.Fields(os.Getenv("F")),os.Stdin); if err!=nil{fmt.Println(err);return}
 set,p:=Load(s)
 for _,x:=range p { fmt.Println(x.String()); fmt.Printf("   |%s\n   |%*s\n", x.Source, x.Pos.Column,"^") }
 fmt.Println(len(set.Pods),len(set.ConfigMaps),len(set.Secrets),len(set.Claims))
}
