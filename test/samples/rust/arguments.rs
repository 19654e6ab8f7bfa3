// wants: ok; args ["a b", "", "-x", "ü*", "--", "$HOME"]; stdout is "6\n[a b]\n[]\n[-x]\n[ü*]\n[--]\n[$HOME]\n"
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    println!("{}", arguments.len());
    for argument in arguments {
        println!("[{argument}]");
    }
}
