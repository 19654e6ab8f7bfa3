// C#'s waiting process where the runtime is .NET: started with its compiler warm, it compiles and runs
// one program. Only in the image when its build was given a .NET SDK (DOTNET in the Dockerfile), and
// then in the place of mono.c, with the same words over the same socket.

using System.Net.Sockets;
using System.Reflection;
using System.Runtime.Loader;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

const string Warm = "System.Console.WriteLine($\"warm {args.Length}\");";
const int MessageBytesMax = 64 * 1024;
string version = Environment.Version.ToString();

if (args is ["--version"])
{
    Console.WriteLine(version);
    return 0;
}

string[] assemblies = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':');
// The program sees the runtime's own libraries, not the compiler's.
string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
MetadataReference[] references = assemblies
    .Where(path => Path.GetDirectoryName(path) == runtime)
    .Select(path => (MetadataReference)MetadataReference.CreateFromFile(path))
    .ToArray();

using (var warm = new MemoryStream())
{
    if (Compile([("Warm.cs", Warm)], warm) != 0) return 125;
    var context = new AssemblyLoadContext("warm", isCollectible: true);
    warm.Position = 0;
    context.LoadFromStream(warm).EntryPoint!.Invoke(null, [Array.Empty<string>()]);
    context.Unload();
}
GC.Collect();

if (!File.Exists("/proc/self/fd/15")) return 0; // while the image is built nobody is there
using var control = new Socket(new SafeSocketHandle(15, ownsHandle: false));
control.Send(Encoding.UTF8.GetBytes("R" + version));
while (Receive() is [var stage, .. var words])
{
    if (stage == "run") return Run(words[0], words[1..]);
    int code = CompileFiles(words[0], words[1..]);
    control.Send([(byte)'C', (byte)code, 0]);
}
return 0;

// The stage and what stands after `--`; runner/commands.ts is the other end.
string[] Receive()
{
    var message = new byte[MessageBytesMax];
    int length = control.Receive(message);
    string text = Encoding.UTF8.GetString(message, 0, length);
    if (length == 0) return [];
    string[] all = text[(text.IndexOf('\n') + 1)..].Split('\0')[..int.Parse(text[..text.IndexOf('\n')])];
    return [all[0], .. all[(Array.IndexOf(all, "--") + 1)..]];
}

int CompileFiles(string program, string[] files)
{
    using var output = new MemoryStream();
    int code = Compile(files.Select(file => (file, File.ReadAllText(file))), output);
    if (code == 0) File.WriteAllBytes(program, output.ToArray());
    return code;
}

int Compile(IEnumerable<(string Name, string Text)> files, Stream output)
{
    const string Usings = "global using System; global using System.Collections.Generic; global using System.IO; "
        + "global using System.Linq; global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;";
    var trees = files.Append(("", Usings))
        .Select(file => CSharpSyntaxTree.ParseText(SourceText.From(file.Item2, Encoding.UTF8), path: file.Item1));
    var options = new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable, allowUnsafe: true);
    var result = CSharpCompilation.Create("Main", trees, references, options).Emit(output);
    foreach (Diagnostic problem in result.Diagnostics)
    {
        if (problem.Severity >= DiagnosticSeverity.Warning) Console.Error.WriteLine(problem);
    }
    return result.Success ? 0 : 1;
}

// An exception that nobody catches is the runtime's to print: nothing here stands in its way.
int Run(string program, string[] arguments)
{
    Assembly assembly = AssemblyLoadContext.Default.LoadFromStream(new MemoryStream(File.ReadAllBytes(program)));
    MethodInfo main = assembly.EntryPoint!;
    object[]? given = main.GetParameters().Length == 0 ? null : [arguments];
    object? code = main.Invoke(null, BindingFlags.DoNotWrapExceptions, null, given, null);
    return code is int number ? number : Environment.ExitCode;
}
