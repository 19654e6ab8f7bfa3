// Nothing of an execution may be seen by the next one, of the same account or of another: whatever
// can be left behind is left behind here, and then looked for.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the programs have placeholders of their own

import { describe, expect, it } from "vitest";
import { shareRunner } from "../kit/shared-runner.ts";

const { runner } = shareRunner();

/** The sandbox an execution ran in, as its mounts name it. */
const SANDBOX = /([0-9a-f]{64})/;

type Trace = { what: string; language: string; leave: string; look: string };

const TRACES: Trace[] = [
  {
    what: "files in every writable place",
    language: "bash",
    leave:
      "for d in /workspace /tmp /dev/shm; do mkdir -p $d/a/b; echo x | tee $d/.hidden $d/a/b/c > /dev/null; ln -s / $d/link; mkfifo $d/fifo; chmod 000 $d/a/b; done",
    look: "find /workspace /tmp /dev/shm -mindepth 1 ! -name main.sh",
  },
  {
    what: "marks on the workspace itself",
    language: "python",
    leave:
      "import os\nos.setxattr('/workspace', 'user.left', b'x'); os.chmod('/workspace', 0o7777); os.utime('/workspace', (1, 1))",
    look: "import os\ns = os.stat('/workspace')\nx = os.listxattr('/workspace')\nif x or s.st_mode & 0o7777 != 0o755 or s.st_mtime < 100: print(x, oct(s.st_mode), s.st_mtime)",
  },
  {
    what: "processes, in and out of its session",
    language: "bash",
    leave:
      "sleep 60 & setsid sleep 60 & (trap '' HUP TERM INT; setsid bash -c 'trap \"\" TERM; while :; do sleep 1; done' &) > /dev/null 2>&1; kill -STOP $!",
    look: "for p in /proc/[0-9]*; do [[ $p == /proc/1 || $p == /proc/$$ ]] || echo $p; done",
  },
  {
    what: "System V shared memory, semaphores and queues",
    language: "python",
    leave:
      "import ctypes\nl = ctypes.CDLL(None)\nl.shmget(7, 4096, 0o1666); l.semget(7, 1, 0o1666); l.msgget(7, 0o1666)",
    look: "import ctypes\nl = ctypes.CDLL(None)\nif max(l.shmget(7, 4096, 0), l.semget(7, 1, 0), l.msgget(7, 0)) >= 0: print('found')",
  },
  {
    what: "POSIX shared memory and semaphores",
    language: "python",
    leave:
      "import ctypes, os\nl = ctypes.CDLL(None)\nl.shm_open(b'/left', os.O_CREAT | os.O_RDWR, 0o666); l.sem_open(b'/left', os.O_CREAT, 0o666, 1)",
    look: "import os\nprint(*os.listdir('/dev/shm'), end='')",
  },
  {
    what: "POSIX message queues",
    language: "python",
    leave:
      "import ctypes, os\nctypes.CDLL(None).mq_open(b'/left', os.O_CREAT | os.O_RDWR, 0o666, None)",
    look: "import ctypes, os\nif ctypes.CDLL(None).mq_open(b'/left', os.O_RDWR) >= 0: print('found')",
  },
  {
    what: "abstract sockets and loopback servers",
    language: "python",
    leave:
      "import os, socket, time\na = socket.socket(socket.AF_UNIX); a.bind('\\0left'); a.listen()\nb = socket.create_server(('127.0.0.1', 7777))\nif os.fork() == 0:\n  os.setsid(); time.sleep(60)",
    look: "import socket\nfor f, to in ((socket.AF_UNIX, '\\0left'), (socket.AF_INET, ('127.0.0.1', 7777))):\n  try:\n    socket.socket(f).connect(to); print('found', to)\n  except OSError: pass",
  },
  {
    what: "sockets that keep each other alive",
    language: "python",
    leave:
      "import os, socket\ns = socket.socket(socket.AF_UNIX); s.bind('\\0cycle'); s.listen()\na, b = socket.socketpair(); socket.send_fds(a, [b'x'], [a.fileno(), b.fileno(), s.fileno()])\nos._exit(0)",
    look: "import socket\ntry:\n  socket.socket(socket.AF_UNIX).bind('\\0cycle')\nexcept OSError as e: print(e)",
  },
  {
    what: "memory in files that sockets keep alive",
    language: "python",
    leave:
      "import os, socket\nfor _ in range(10):\n  m = os.memfd_create('m'); [os.write(m, b'x' * (1 << 20)) for _ in range(9)]\n  a, b = socket.socketpair(); socket.send_fds(a, [b'x'], [a.fileno(), b.fileno(), m]); os.close(m)\nos._exit(0)",
    look: "info = dict(l.split(':', 1) for l in open('/proc/meminfo'))\nheld = sum(int(info[n].split()[0]) for n in ('AnonPages', 'Shmem'))\nif held > 40000: print(held, 'KiB')",
  },
  {
    what: "environment, directory and umask",
    language: "bash",
    leave:
      "export LEFT=1; cd /tmp; umask 077; echo 'export LEFT=1' > ~/.bashrc; echo 'export LEFT=1' > ~/.profile; ulimit -n 64",
    look: '[[ -z ${LEFT-} && $PWD == /workspace && $(umask) == 0022 && $(ulimit -n) == 256 ]] || echo "$LEFT $PWD $(umask) $(ulimit -n)"',
  },
  {
    what: "priority and processors, its own and process 1's",
    language: "python",
    leave:
      "import os\nfor p in (0, 1):\n  for act in (lambda: os.setpriority(os.PRIO_PROCESS, p, 9), lambda: os.sched_setaffinity(p, {0})):\n    try: act()\n    except OSError: pass",
    look: "import os\nif os.nice(0) or len(os.sched_getaffinity(0)) != os.cpu_count(): print(os.nice(0), os.sched_getaffinity(0))",
  },
  {
    what: "patched modules, timers, locale and random state",
    language: "python",
    leave:
      "import builtins, json, locale, random, signal, sys\nbuiltins.left = 1; json.left = 1; sys.path.append('/left'); random.seed(1); signal.setitimer(signal.ITIMER_REAL, 1); signal.signal(signal.SIGALRM, signal.SIG_IGN); sys.setrecursionlimit(77)",
    look: "import builtins, json, signal, sys\nif hasattr(builtins, 'left') or hasattr(json, 'left') or '/left' in sys.path or signal.getitimer(0)[0] or signal.getsignal(14) != signal.SIG_DFL or sys.getrecursionlimit() == 77: print('found')",
  },
  {
    what: "modules it brought along, and their compiled forms",
    language: "python",
    leave:
      "import sys; sys.dont_write_bytecode = False\nopen('left.py', 'w').write('x = 1'); open('/tmp/left.py', 'w').write('x = 1')\nimport left",
    look: "import importlib.util, os\nif importlib.util.find_spec('left') or os.listdir('/workspace') != ['main.py']: print('found')",
  },
  {
    what: "globals, patched prototypes, cached modules and timers",
    language: "javascript",
    leave:
      "globalThis.left = 1; Array.prototype.left = 1; require('fs').left = 1; require('fs').writeFileSync('left.js', ''); require('./left.js'); process.env.LEFT = 1; process.title = 'left'; setInterval(() => {}, 1000); process.exit(0)",
    look: "if (globalThis.left || [].left || require('fs').left || process.env.LEFT || process.title === 'left' || Object.keys(require.cache).length !== 1 || require('fs').readdirSync('.').length !== 1) console.log('found')",
  },
  {
    what: "compiled code in a cache",
    language: "typescript",
    leave:
      "import module from 'node:module'; import { writeFileSync } from 'node:fs'; module.enableCompileCache('/tmp/cache'); module.flushCompileCache(); writeFileSync('/tmp/package.json', '{}'); writeFileSync('/workspace/package.json', '{ \"type\": \"commonjs\" }');",
    look: "import { readdirSync } from 'node:fs'; const found: string[] = [...readdirSync('/tmp'), ...readdirSync('/workspace').filter((n) => n !== 'main.ts'), ...readdirSync('/dev/shm')]; if (found.length > 0) console.log(found);",
  },
  {
    what: "patched classes, constants, globals and the environment",
    language: "ruby",
    leave:
      "class String; def left = 1; end; class << RubyVM::InstructionSequence; def load_iseq(path) = abort('left'); end\nLEFT = 1; $left = 1; ENV['LEFT'] = '1'; ENV['RUBYOPT'] = '-rleft'; $LOAD_PATH.unshift('/tmp'); srand(1); at_exit { sleep 60 }; Process.setproctitle('left'); File.umask(0); File.write('/tmp/json.rb', 'abort :left'); exit!",
    look: "require 'json'\nputs 'found' if ''.respond_to?(:left) || defined?(LEFT) || $left || ENV['LEFT'] || ENV['RUBYOPT'] || $LOAD_PATH.include?('/tmp') || Random.seed == 1 || File.umask != 0o22 || File.read('/proc/self/cmdline').include?('left')",
  },
  {
    what: "files, gems and settings that Ruby would look for",
    language: "ruby",
    leave:
      "require 'fileutils'\n%w[/workspace/.gem/ruby/3.3.0/specifications /workspace/.local/share/gem/ruby/3.3.0/specifications /tmp/d].each { |d| FileUtils.mkdir_p(d); File.write(\"#{d}/left.gemspec\", \"Gem::Specification.new { |s| s.name = 'left'; s.version = '1' }\") }\nFile.write('/workspace/.gemrc', 'left: 1'); File.write('/workspace/.irbrc', 'left'); File.write('/workspace/set.rb', 'abort :left')",
    look: "left = Dir.glob('{/workspace,/tmp,/dev/shm}/{*,.*}').reject { |path| path.end_with?('/.') || path == '/workspace/main.rb' }\nputs left, Gem::Specification.map(&:name).grep(/left/)",
  },
  {
    what: "processes, threads and servers",
    language: "ruby",
    leave:
      "require 'socket'\ns = TCPServer.new('127.0.0.1', 7778); u = UNIXServer.new(\"\\0ruby\") rescue nil\nProcess.daemon(true, true) if fork.nil?\nfork { Process.setsid; trap('TERM', 'IGNORE'); sleep 60 } if $$ != Process.getpgrp\nsleep 0.2",
    look: "require 'socket'\nputs Dir.children('/proc').grep(/\\A\\d+\\z/) - ['1', $$.to_s], File.read('/proc/net/unix').lines.grep(/@/)\nbegin; TCPSocket.new('127.0.0.1', 7778); puts 'found'; rescue SystemCallError; end",
  },
];

describe.each(TRACES)("$what", ({ what, language, leave, look }) => {
  it("are not there for the next execution in the same sandbox", async () => {
    const accountId = `same ${what}`;
    await runner().settle(language);
    const first = await run(accountId, language, leave);
    expect(["ok", "signal", "error"]).toContain(first.outcome);
    await runner().settle(language);
    const second = await run(accountId, language, look);
    expect(`${second.stdout}${second.stderr}`).toBe("");
    expect(second.outcome).toBe("ok");
  });

  it("are not there for another account", async () => {
    await run(`leaves ${what}`, language, leave);
    const other = await run(`looks for ${what}`, language, look);
    expect(`${other.stdout}${other.stderr}`).toBe("");
    expect(other.outcome).toBe("ok");
  });
});

describe("a sandbox", () => {
  const WHERE = "cat /proc/self/mountinfo";

  it("serves the same account again after it has been cleaned", async () => {
    const first = sandboxOf(await run("comes back", "bash", WHERE));
    await runner().settle("bash");
    expect(sandboxOf(await run("comes back", "bash", WHERE))).toBe(first);
  });

  it("never serves two accounts", async () => {
    const owners = new Map<string, string>();
    for (const account of ["one", "two", "one", "three", "two", "three", "one"]) {
      const sandbox = sandboxOf(await run(account, "bash", WHERE));
      expect(owners.get(sandbox) ?? account).toBe(account);
      owners.set(sandbox, account);
    }
  });

  it("is gone after one execution when nobody may come back to it", async () => {
    const single = { accountId: "single", language: "bash", code: WHERE, singleUse: true };
    const first = sandboxOf(await runner().run(single));
    await runner().settle("bash");
    expect(sandboxOf(await runner().run(single))).not.toBe(first);
  });

  it("runs every program as another user", async () => {
    const users = new Set<string>();
    for (let i = 0; i < 3; i++) {
      users.add((await run("users", "bash", "id -u; id -un")).stdout);
      await runner().settle("bash");
    }
    expect(users.size).toBe(3);
    for (const user of users) expect(user).toMatch(/^20\d{3}\nsandbox\n$/);
  });
});

async function run(accountId: string, language: string, code: string) {
  return await runner().run({ accountId, language, code });
}

function sandboxOf({ stdout }: { stdout: string }): string {
  const found = SANDBOX.exec(stdout)?.[1];
  if (found === undefined) throw new Error("the mounts name no sandbox");
  return found;
}
