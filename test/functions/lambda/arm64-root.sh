#!/usr/bin/env bash
# Makes a folder with Node for arm64 and the libraries it needs, from Debian 13's packages, unpacked and not installed:
#
#   sudo apt-get install qemu-user-static
#   test/functions/lambda/arm64-root.sh /tmp/arm64
#   FACENET_PROOF_ARM64=/tmp/arm64 npx vitest run test/functions/lambda.test.ts
#
# Debian 13, as its Node is 20.19; that of Debian 12 is 18, below what package.json asks for.
set -euo pipefail

root=${1:?"usage: arm64-root.sh FOLDER"}
apt=$root/.apt
mkdir -p "$apt"/{state/lists/partial,cache/archives/partial,etc/preferences.d}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [arch=arm64 signed-by=$keyring] http://deb.debian.org/debian trixie main" > "$apt/etc/sources.list"
options=(
  -qq
  -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root
  -o "Dir::Etc=$apt/etc" -o "Dir::Etc::sourcelist=$apt/etc/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o "Dir::State=$apt/state" -o Dir::State::status=/dev/null -o "Dir::Cache=$apt/cache"
)
apt-get "${options[@]}" update
apt-get "${options[@]}" install --yes --download-only --no-install-recommends nodejs
for package in "$apt"/cache/archives/*.deb; do dpkg-deb --extract "$package" "$root"; done
ln -sfn usr/lib "$root/lib"
rm -r "$apt"
qemu-aarch64-static -L "$root" "$root/usr/bin/node" -p '`Node ${process.version} for ${process.arch}`'
