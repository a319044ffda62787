"""Packs the extension: `python vscode/build.py FOLDER`, the same bytes on every machine.

A .vsix is a zip archive in the form of the Open Packaging Conventions (ECMA-376, part 2):
`[Content_Types].xml`, `extension.vsixmanifest`, and the extension itself below `extension/`. Nothing is
compressed, for what a compressor makes depends on its version, and the whole is small.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

HERE = Path(__file__).parent
PACKED = ("package.json", "README.md", "CHANGELOG.md", "LICENSE.txt", "icon.png", "src", "images")
CONTENT_TYPES = {
    "js": "application/javascript",
    "json": "application/json",
    "md": "text/markdown",
    "png": "image/png",
    "txt": "text/plain",
    "vsixmanifest": "text/xml",
}
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def manifest(package: dict[str, Any]) -> str:
    """The manifest of a VSIX package, schema 2.0.0 (2011)."""
    assets = {
        "Microsoft.VisualStudio.Code.Manifest": "package.json",
        "Microsoft.VisualStudio.Services.Content.Details": "README.md",
        "Microsoft.VisualStudio.Services.Content.Changelog": "CHANGELOG.md",
        "Microsoft.VisualStudio.Services.Content.License": "LICENSE.txt",
        "Microsoft.VisualStudio.Services.Icons.Default": package["icon"],
    }
    asset = '    <Asset Type="{}" Path="extension/{}" Addressable="true"/>'
    listed = "\n".join(asset.format(kind, path) for kind, path in assets.items())
    return f"""<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id={quoteattr(package["name"])} Version={quoteattr(package["version"])} \
Publisher={quoteattr(package["publisher"])}/>
    <DisplayName>{escape(package["displayName"])}</DisplayName>
    <Description xml:space="preserve">{escape(package["description"])}</Description>
    <Tags>{escape(",".join(package["keywords"]))}</Tags>
    <Categories>{escape(",".join(package["categories"]))}</Categories>
    <License>extension/LICENSE.txt</License>
    <Icon>extension/{escape(package["icon"])}</Icon>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value={quoteattr(package["engines"]["vscode"])}/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="workspace"/>
    </Properties>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Dependencies/>
  <Assets>
{listed}
  </Assets>
</PackageManifest>
"""


def content_types() -> str:
    """The media type of each file name's ending."""
    defaults = "".join(
        f'<Default Extension="{ending}" ContentType="{kind}"/>' for ending, kind in CONTENT_TYPES.items()
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{defaults}</Types>\n'
    )


def files() -> list[tuple[str, bytes]]:
    """Names below `extension/` and bytes, in one order. The licence is the project's."""
    found: dict[str, bytes] = {}
    for name in PACKED:
        path = HERE.parent / "LICENSE" if name == "LICENSE.txt" else HERE / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                place = name if file == path else file.relative_to(HERE).as_posix()
                found[place] = file.read_bytes()
    return sorted(found.items())


def build(folder: Path) -> Path:
    """Writes the package into `folder`, and returns its path."""
    package = json.loads((HERE / "package.json").read_text("utf-8"))
    parts = [
        ("extension.vsixmanifest", manifest(package).encode()),
        ("[Content_Types].xml", content_types().encode()),
        *((f"extension/{name}", data) for name, data in files()),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / f"{package['name']}-{package['version']}.vsix"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in parts:
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.create_system = 3  # of Unix: the machine that packs must not show
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return out


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python vscode/build.py FOLDER")
    print(build(Path(sys.argv[1])))
