// wants: ok; stdout is "1 2 3 5 8 9\na=3 b=2 c=1\n3.1416\n2026/11/22\n48656c6c6f\n"
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fs;
use std::rc::Rc;
use std::sync::{mpsc, Arc, Mutex};
use std::time::{Duration, Instant};

fn main() {
    let mut numbers = vec![5, 3, 9, 1, 8, 2];
    numbers.sort_unstable();
    let words: Vec<String> = numbers.iter().map(i32::to_string).collect();
    println!("{}", words.join(" "));
    let mut counts = BTreeMap::new();
    for letter in "abacab".chars() {
        *counts.entry(letter).or_insert(0) += 1;
    }
    let letters: Vec<String> = counts.iter().map(|(letter, count)| format!("{letter}={count}")).collect();
    println!("{}", letters.join(" "));
    println!("{:.4}", std::f64::consts::PI);
    println!("{}", "2026-11-22".replace('-', "/"));
    println!("{}", "Hello".bytes().map(|byte| format!("{byte:02x}")).collect::<String>());

    assert_eq!(numbers.iter().filter(|n| *n % 2 == 0).sum::<i32>(), 10);
    assert_eq!(HashMap::from([("a", 1)])["a"], 1);
    assert_eq!(HashSet::from([1, 2, 2]).len(), 2);
    assert_eq!(VecDeque::from([1, 2]).pop_front(), Some(1));
    assert_eq!(u8::from_str_radix("ff", 16), Ok(255));
    assert!("x".parse::<i32>().is_err() && 200u8.checked_add(100).is_none());
    let held = Rc::new(1);
    let again = Rc::clone(&held);
    assert_eq!((*again, Rc::strong_count(&held)), (1, 2));
    let shared = Arc::new(Mutex::new(0));
    *shared.lock().unwrap() += 1;
    assert_eq!(*shared.lock().unwrap(), 1);
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(7).unwrap());
    assert_eq!(receiver.recv(), Ok(7));
    assert!(Instant::now().elapsed() < Duration::from_secs(60));
    fs::write("/tmp/kept", "kept").unwrap();
    assert_eq!(fs::read_to_string("/tmp/kept").unwrap(), "kept");
}
