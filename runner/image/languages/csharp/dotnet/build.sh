# Compiles what waits with the SDK that this stage of the image's build is made of, and gathers it and
# the runtime in one place for the image. Where there is no SDK the place stays empty.
set -eu
mkdir -p /dotnet
command -v dotnet > /dev/null || exit 0
root=$(dirname "$(readlink -f "$(command -v dotnet)")")
roslyn=$(echo "$root"/sdk/*/Roslyn/bincore)
shared=$(echo "$root"/shared/Microsoft.NETCore.App/*)
mkdir -p /dotnet/boot
cp -r "$root/dotnet" "$root/host" "$root/shared" /dotnet/
cp "$roslyn"/Microsoft.CodeAnalysis.dll "$roslyn"/Microsoft.CodeAnalysis.CSharp.dll /dotnet/boot/
printf '{"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"%s"},"configProperties":{"System.Globalization.Invariant":true,"System.Runtime.TieredPGO":false}}}\n' \
  "$(basename "$shared")" > /dotnet/boot/Boot.runtimeconfig.json
usings=$(for name in System System.Collections.Generic System.IO System.Linq; do echo "global using $name;"; done)
echo "$usings" > /tmp/Usings.cs
references=$(for path in "$shared"/*.dll "$roslyn"/Microsoft.CodeAnalysis.dll "$roslyn"/Microsoft.CodeAnalysis.CSharp.dll; do
  case $path in */System*.dll | */mscorlib.dll | */netstandard.dll | */Microsoft.C*.dll) echo "-r:$path" ;; esac
done)
# shellcheck disable=SC2086
dotnet "$roslyn/csc.dll" -nologo -nullable:enable -out:/dotnet/boot/Boot.dll $references \
  /tmp/Usings.cs "$(dirname "$0")/Boot.cs"
printf '%s\n' '#!/bin/sh' \
  'exec /opt/coderunner/dotnet/dotnet /opt/coderunner/dotnet/boot/Boot.dll "$@"' > /dotnet/csharp
chmod 755 /dotnet/csharp
