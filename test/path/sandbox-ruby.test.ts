// What a Ruby program meets in a sandbox: the interpreter it would meet anywhere, started as
// `ruby main.rb`, with nothing to be seen of what waited for it.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the programs have placeholders of their own

import { describe, expect, it } from "vitest";
import { shareRunner } from "../kit/shared-runner.ts";

const { run, outputOf } = shareRunner();

/** Prints what an interpreter can say of itself; the same however it was started. */
const SELF_PORTRAIT = `
p __FILE__, __dir__, __method__, __LINE__, self, $0, $PROGRAM_NAME, ARGV, caller, caller_locations
p $!, $@, $~, $_, $?, $;, $,, $/, $\\, $., $VERBOSE, $DEBUG, $SAFE, $-w, $stdout.sync, $stderr.sync
p Encoding.default_external, Encoding.default_internal, __ENCODING__, "x".encoding, ENV.keys.sort
p $LOAD_PATH, $LOADED_FEATURES, Gem.loaded_specs.keys, Thread.list.size, Dir.pwd, RUBY_VERSION
puts Object.constants.sort, Object.private_instance_methods(false), Kernel.private_instance_methods.sort
p global_variables.sort, local_variables, self.singleton_methods, TOPLEVEL_BINDING.local_variables
p RubyVM::InstructionSequence.singleton_methods.sort, Signal.list.keys.map { |name| trap(name, "DEFAULT") rescue 0 }
puts ObjectSpace.each_object(Class).map(&:to_s).grep_v(/0x|#<Class/).sort
puts ObjectSpace.each_object(IO).map(&:inspect).grep_v(/closed/).sort
p defined?(JSON), defined?(Date), defined?(StringIO), [].respond_to?(:to_json), Process.getpgrp == $$
p Dir.children("/proc/self/fd").map(&:to_i).sort - [14, 15], File.umask, at_exit {}.class, method(:puts).owner, 1.object_id
`;

describe("a Ruby program", () => {
  it("finds the same world as in an interpreter that nothing was done to", async () => {
    const files = [{ name: "portrait.rb", content: SELF_PORTRAIT }];
    const starter =
      'File.write("main.rb", File.read("portrait.rb")); exec "ruby", "/workspace/main.rb"';
    const warm = await run("ruby", SELF_PORTRAIT, { files });
    const again = await run("ruby", starter, { files });
    expect(warm.stderr).toBe(again.stderr);
    expect(warm.stdout.split("\n")).toEqual(again.stdout.split("\n"));
    expect(warm.stdout.length).toBeGreaterThan(5000);
  });

  it("is the main program, alone on the stack", async () => {
    const code =
      "p __FILE__, $0, __LINE__, __method__, self, caller, ARGV\np $LOADED_FEATURES.grep(/coderunner/), ENV.keys.grep(/RUBY|LD_/)";
    expect(await outputOf("ruby", code)).toBe(
      '"/workspace/main.rb"\n"/workspace/main.rb"\n1\nnil\nmain\n[]\n[]\n[]\n[]\n',
    );
  });

  it("hands its environment on as it found it", async () => {
    const names = await outputOf(
      "ruby",
      'print `env`.lines.map { |line| line[/^\\w+/] }.sort.join(" ")',
    );
    expect(names).toBe("HOME LANG LOGNAME PATH PWD SHELL USER");
  });

  it("prints a backtrace of its own files only", async () => {
    const files = [{ name: "lib/other.rb", content: "def other = raise(ArgumentError, 'no')\n" }];
    const report = await run("ruby", "require_relative 'lib/other'\n\nother\n", { files });
    expect(report).toMatchObject({ outcome: "error", exitCode: 1 });
    expect(report.stderr).toBe(
      "/workspace/lib/other.rb:1:in `other': no (ArgumentError)\n\ndef other = raise(ArgumentError, 'no')\n                  ^^^^^^^^^^^^^^^^^^^\n\tfrom /workspace/main.rb:3:in `<main>'\n",
    );
  });

  it("hears of a misspelt name and of a syntax error as Ruby tells it", async () => {
    const misspelt = await run("ruby", "puts [1].frist\n");
    expect(misspelt).toMatchObject({ outcome: "error", exitCode: 1 });
    expect(misspelt.stderr).toBe(
      "/workspace/main.rb:1:in `<main>': undefined method `frist' for an instance of Array (NoMethodError)\n\n" +
        "puts [1].frist\n        ^^^^^^\nDid you mean?  first\n",
    );
    const broken = await run("ruby", "puts 1\ndef broken(\n");
    expect(broken).toMatchObject({ outcome: "error", exitCode: 1, stdout: "" });
    expect(broken.stderr).toContain("/workspace/main.rb:2: syntax error");
    expect(broken.stderr).not.toContain("coderunner");
  });

  it("draws other random numbers each time", async () => {
    const drawn = new Set<string>();
    for (let i = 0; i < 3; i++) drawn.add(await outputOf("ruby", "p Random.seed, rand, 'a'.hash"));
    expect(drawn.size).toBe(3);
  });

  it("finds its standard library when it asks for it, and not before", async () => {
    const code = `
p defined?(JSON), defined?(Date), defined?(StringIO)
%w[json set time date stringio securerandom digest bigdecimal csv yaml erb optparse ostruct tempfile
  pp logger benchmark forwardable delegate open3 shellwords socket zlib strscan matrix prime].each { |name| require name }
puts JSON.generate({ a: [1, nil] }), Date.new(2024, 2, 29).next_year, Time.parse("2020-01-02 03:04Z").iso8601
puts Digest::SHA256.hexdigest("a")[0, 8], BigDecimal("0.1") + BigDecimal("0.2"), CSV.parse_line("a,b").inspect
puts YAML.load("a: [1, 2]"), ERB.new("<%= 1 + 1 %>").result, SecureRandom.hex(4).size, Prime.first(3).sum
puts JSON::VERSION == Gem.loaded_specs["json"].version.to_s, StringIO.new("x").read, 10.prime?
begin
  JSON.parse("{")
rescue JSON::ParserError => error
  puts error.class, error.backtrace.last
end`;
    const [expected, ...rest] = (await outputOf("ruby", code)).split("nil\nnil\nnil\n");
    expect(expected).toBe("");
    expect(rest.join("")).toBe(
      '{"a":[1,null]}\n2025-02-28\n2020-01-02T03:04:00Z\nca978112\n0.3e0\n["a", "b"]\n{"a"=>[1, 2]}\n2\n8\n10\n' +
        "true\nx\nfalse\nJSON::ParserError\n/workspace/main.rb:10:in `<main>'\n",
    );
  });

  const ends: [string, string, number | null, string, string][] = [
    ["nothing at all", "", 0, "", ""],
    ["exit", "puts 1; exit 3", 3, "1\n", ""],
    ["exit false", "exit false", 1, "", ""],
    ["exit!", "$stdout.sync = true; at_exit { puts 'never' }; puts 1; exit! 4", 4, "1\n", ""],
    ["abort", "at_exit { puts 'bye' }; abort 'oops'", 1, "bye\n", "oops\n"],
    ["exit handlers", "at_exit { puts 2 }; at_exit { puts 1 }; puts 0", 0, "0\n1\n2\n", ""],
    ["END and BEGIN", "END { puts 3 }; puts 2; BEGIN { puts 1 }", 0, "1\n2\n3\n", ""],
    ["a code from an exit handler", "at_exit { exit 7 }; raise 'x' rescue 0", 7, "", ""],
    ["an exit handler that sees why", "at_exit { p $!.status }; exit 5", 5, "5\n", ""],
    [
      "an exit handler that fails",
      "at_exit { raise 'late' }; puts 1",
      1,
      "1\n",
      "/workspace/main.rb:1:in `block in <main>': late (RuntimeError)\n",
    ],
    ["a finalizer", "ObjectSpace.define_finalizer('x'.dup, proc { puts 'gone' })", 0, "gone\n", ""],
    [
      "throw",
      "throw :x",
      1,
      "",
      "/workspace/main.rb:1:in `throw': uncaught throw :x (UncaughtThrowError)\n\nthrow :x\n      ^^\n\tfrom /workspace/main.rb:1:in `<main>'\n",
    ],
    ["text without an end of line", "print 'a'", 0, "a", ""],
    [
      "what comes after __END__",
      "puts DATA.read, DATA.path, DATA.lineno\n__END__\na\nb\n",
      0,
      "a\nb\n/workspace/main.rb\n2\n",
      "",
    ],
    [
      "its own source",
      "puts File.read(__FILE__).size, DATA.pos\nDATA.rewind; puts DATA.gets\n__END__\n",
      0,
      "76\n76\nputs File.read(__FILE__).size, DATA.pos\n",
      "",
    ],
    ["a mark of byte order", "\uFEFFputs 'é'.size", 0, "1\n", ""],
    ["a magic comment", "# frozen_string_literal: true\np 'a'.frozen?", 0, "true\n", ""],
    [
      "another encoding",
      "# -*- coding: ascii-8bit -*-\np __ENCODING__",
      0,
      "#<Encoding:ASCII-8BIT>\n",
      "",
    ],
    [
      "a first line for the shell",
      "#!/usr/bin/env ruby\np $VERBOSE, __LINE__",
      0,
      "false\n2\n",
      "",
    ],
    [
      "options on that line",
      "#!/usr/bin/ruby -w\np $VERBOSE, ARGV\nx = 1\n",
      0,
      "true\n[]\n",
      "/workspace/main.rb:3: warning: assigned but unused variable - x\n",
    ],
    ["a comment about Ruby", "# ruby -w\np $VERBOSE", 0, "false\n", ""],
    [
      "warnings",
      "A = 1; A = 2; warn 'own', uplevel: 0",
      0,
      "",
      "/workspace/main.rb:1: warning: already initialized constant A\n/workspace/main.rb:1: warning: previous definition of A was here\n/workspace/main.rb:1: warning: own\n",
    ],
    [
      "a thread that is waited for",
      "t = Thread.new { sleep 0.05; puts 't' }; puts 'm'; t.join",
      0,
      "m\nt\n",
      "",
    ],
    ["a thread that is not", "Thread.new { sleep 60; puts 't' }; puts 'm'", 0, "m\n", ""],
    [
      "many threads",
      "p 8.times.map { |n| Thread.new { n * n } }.sum(&:value), Queue.new.tap { |q| Thread.new { q << 1 } }.pop",
      0,
      "140\n1\n",
      "",
    ],
    [
      "a Ractor",
      "p Ractor.new { 6 * 7 }.take",
      0,
      "42\n",
      "/workspace/main.rb:1: warning: Ractor is experimental, and the behavior may change in future versions of Ruby! Also there are many implementation issues.\n",
    ],
    [
      "a child",
      "at_exit { puts \"end #{$$ == PID}\" }; PID = $$; $stdout.flush; Process.wait(fork { puts 'child' }); puts 'parent'",
      0,
      "child\nend false\nparent\nend true\n",
      "",
    ],
    [
      "a child that leaves at once",
      "Process.wait(fork { Process.exit!(9) }); p $?.exitstatus; sleep 0.1; puts 'on'",
      0,
      "9\non\n",
      "",
    ],
    [
      "a child that fails",
      "pid = fork { $stderr.reopen('/dev/null'); raise 'x' }; Process.wait pid; p $?.exitstatus",
      0,
      "1\n",
      "",
    ],
    [
      "other programs",
      "puts `echo hi`, system('exit 3').inspect, $?.exitstatus; $stdout.flush; system('ruby', '-e', 'puts 5')",
      0,
      "hi\nfalse\n3\n5\n",
      "",
    ],
    ["exec", "$stdout.sync = true; puts 1; exec 'echo', '2'", 0, "1\n2\n", ""],
    [
      "a signal handler",
      "trap('USR1') { puts 'got' }; Process.kill('USR1', $$); sleep 0.1; puts 'on'",
      0,
      "got\non\n",
      "",
    ],
    [
      "a handled termination",
      "trap('TERM') { puts 'term'; exit 6 }; Process.kill('TERM', $$); sleep 1",
      6,
      "term\n",
      "",
    ],
    ["an exit trap", "trap('EXIT') { puts 'left' }; puts 1", 0, "1\nleft\n", ""],
    [
      "closed descriptors",
      "(3..63).each { |fd| IO.for_fd(fd).close rescue 0 }; puts 'ok'; $stdout.flush; exit! 0",
      0,
      "ok\n",
      "",
    ],
    ["a closed control", "IO.for_fd(15).close; puts 'ok'; exit 2", 2, "ok\n", ""],
    [
      "something else in its place",
      "r, w = IO.pipe; File.for_fd(15, autoclose: false).reopen(w); puts 'ok'; exit 2",
      2,
      "ok\n",
      "",
    ],
    [
      "a replaced stdout",
      "require 'stringio'; $stdout = StringIO.new; puts 'lost'; $stdout = STDOUT; puts 'kept'",
      0,
      "kept\n",
      "",
    ],
    [
      "deep recursion",
      "def f(n) = n.zero? ? 0 : 1 + f(n - 1)\np f(5000)\nbegin; f(10**7); rescue SystemStackError => e; puts e.message; end",
      0,
      "5000\nstack level too deep\n",
      "",
    ],
    [
      "fibers",
      "f = Fiber.new { Fiber.yield 1; 2 }; p f.resume, f.resume, Enumerator.produce(1) { _1 * 2 }.take(4)",
      0,
      "1\n2\n[1, 2, 4, 8]\n",
      "",
    ],
    [
      "evaluated code",
      "x = 1; eval 'p x, __FILE__'; p binding.local_variables",
      0,
      '1\n"(eval at /workspace/main.rb:1)"\n[:x]\n',
      "",
    ],
    [
      "methods of the main object",
      "def a = 1\np self.respond_to?(:a, true), method(:a).source_location",
      0,
      'true\n["/workspace/main.rb", 1]\n',
      "",
    ],
    [
      "a finalizer that starts another program",
      "$stdout.sync = true; ObjectSpace.define_finalizer('x'.dup, proc { system('echo one'); puts `echo two`; puts 3 })",
      0,
      "one\ntwo\n3\n",
      "",
    ],
    [
      "an exit handler that starts another program",
      "$stdout.sync = true; at_exit { system('echo one') }; at_exit { fork { exit 3 }; Process.wait; p $?.exitstatus }",
      0,
      "one\n3\none\n",
      "",
    ],
    [
      "a thread that has the last word",
      "Thread.new { begin; sleep; ensure; $stdout.puts 'ensured'; end }; sleep 0.02; exit 5",
      5,
      "ensured\n",
      "",
    ],
    ["exit in a thread", "Thread.new { exit 8 }; sleep", 8, "", ""],
    ["an exit trap that leaves", "trap('EXIT') { exit 9 }; puts 1", 9, "1\n", ""],
    [
      "a failure of another kind",
      "raise NotImplementedError, 'no'",
      1,
      "",
      "/workspace/main.rb:1:in `<main>': no (NotImplementedError)\n",
    ],
    ["a custom exit", "raise SystemExit.new(12, 'said')", 12, "", ""],
    [
      "a great deal of garbage",
      "200_000.times { |n| 'x' * 100 + n.to_s }; GC.start; GC.compact; puts GC.count > 0",
      0,
      "true\n",
      "",
    ],
    [
      "a timeout of its own",
      "require 'timeout'\nbegin; Timeout.timeout(0.05) { sleep 5 }; rescue Timeout::Error => e; puts e.message; end",
      0,
      "execution expired\n",
      "",
    ],
    [
      "its own compiler hook",
      "class << RubyVM::InstructionSequence; def load_iseq(path) = nil; end\nrequire 'json'; puts [1].to_json",
      0,
      "[1]\n",
      "",
    ],
    [
      "tests of its own",
      "require 'minitest/autorun'\nclass T < Minitest::Test; def test_it = assert_equal(1, 2); end\n$stdout.reopen('/dev/null')",
      1,
      "",
      "",
    ],
  ];

  it.each(ends)("ends as anywhere with %s", async (_what, code, exitCode, stdout, stderr) => {
    const report = await run("ruby", code);
    expect({ exitCode: report.exitCode, stdout: report.stdout, stderr: report.stderr }).toEqual({
      exitCode,
      stdout,
      stderr,
    });
  });

  const signals: [string, string, string, string][] = [
    ["SIGTERM", "at_exit { puts 'bye' }; Process.kill('TERM', $$); sleep 5", "bye\n", ""],
    ["SIGKILL", "$stdout.sync = true; puts 1; Process.kill('KILL', $$); sleep 5", "1\n", ""],
    ["SIGHUP", "raise SignalException, 'HUP'", "", ""],
  ];

  it.each(signals)("ends by %s when nothing handles it", async (signal, code, stdout) => {
    expect(await run("ruby", code)).toMatchObject({ outcome: "signal", signal, stdout });
  });

  it("is interrupted as Ruby tells it", async () => {
    const report = await run("ruby", "Process.kill('INT', $$); sleep 5");
    expect(report).toMatchObject({ outcome: "signal", signal: "SIGINT" });
    expect(report.stderr).toMatch(
      /^\/workspace\/main.rb:1:in `(kill|sleep)': Interrupt\n|Interrupt/,
    );
    expect(report.stderr).not.toContain("coderunner");
  });

  it("reads its input by gets, STDIN and ARGF", async () => {
    const code = "puts gets, $<.gets, STDIN.gets, $stdin.read.size, gets.inspect";
    const { stdout } = await run("ruby", code, { stdin: "a\nb\nc\nrest\n" });
    expect(stdout).toBe("a\nb\nc\n5\nnil\n");
  });

  it("has its arguments, and reads files named by them", async () => {
    const args = ["a b", "", "ü", "--x", "-w"];
    const code = "p ARGV, ARGV.map(&:frozen?).uniq, ARGV[2].encoding, $*.equal?(ARGV)";
    const { stdout } = await run("ruby", code, { args });
    expect(stdout).toBe('["a b", "", "ü", "--x", "-w"]\n[true]\n#<Encoding:UTF-8>\ntrue\n');
    const files = [{ name: "in.txt", content: "one\ntwo\n" }];
    expect((await run("ruby", "print ARGF.read", { args: ["in.txt"], files })).stdout).toBe(
      "one\ntwo\n",
    );
    const options = await run("ruby", "#!/usr/bin/ruby -s\np $x, ARGV", { args: ["-x=1", "y"] });
    expect(options.stdout).toBe('"1"\n["y"]\n');
  });
});
