# wants: timeout; timeoutMs=1500; stdout is "started\n"
echo started
while ((SECONDS < 60)); do :; done
echo never
