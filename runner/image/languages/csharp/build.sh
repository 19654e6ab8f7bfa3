# Tries what waits once, so that an image whose sandboxes would not become warm is never made.
set -eu
cd /opt/coderunner/languages/csharp
if [ -x ../../dotnet/csharp ]; then cp ../../dotnet/csharp csharp; fi
LANG=C.UTF-8 ./csharp > /tmp/said 2>&1 || { cat /tmp/said; exit 1; }
rm /tmp/said
rm -r ./*.c dotnet build.sh
