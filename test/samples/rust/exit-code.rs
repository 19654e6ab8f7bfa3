// wants: error; exit 7; stdout is "before\n"; stderr is ""
fn main() {
    println!("before");
    std::process::exit(7);
}
