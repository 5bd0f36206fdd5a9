"""The wheel and the source package as others install them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

PROJECT = Path(__file__).parents[1]
REPOSITORY = 'https://github.com/chatoxide/chatoxide'


def built(kind: str, folder: Path) -> Path:
    program = f'from flit_core import buildapi; print(buildapi.build_{kind}({str(folder)!r}))'
    run = subprocess.run([sys.executable, '-c', program], cwd=PROJECT, capture_output=True, check=True)
    return folder / run.stdout.decode().strip()


def test_the_wheel_has_the_types_the_licence_and_where_it_comes_from(tmp_path: Path) -> None:
    with ZipFile(built('wheel', tmp_path)) as wheel:
        names = wheel.namelist()
        (about,) = (name for name in names if name.endswith('.dist-info/METADATA'))
        metadata = Parser().parsestr(wheel.read(about).decode())
        licence = wheel.read(about.replace('METADATA', 'licenses/LICENSE'))
    assert 'chatoxide/py.typed' in names
    assert licence == (PROJECT.parents[1] / 'LICENSE').read_bytes()
    assert metadata['License-Expression'] == 'MIT'
    urls = dict(url.split(', ') for url in metadata.get_all('Project-URL', []))
    assert urls.keys() >= {'Source', 'Issues', 'Documentation', 'Changelog'}
    assert all(url.startswith(REPOSITORY) for url in urls.values())


def test_the_source_package_has_the_licence(tmp_path: Path) -> None:
    with tarfile.open(built('sdist', tmp_path)) as source:
        names = {name.partition('/')[2] for name in source.getnames()}
    assert {'LICENSE', 'README.md', 'pyproject.toml', 'src/chatoxide/py.typed'} <= names


def test_a_release_has_the_packages_of_every_client(tmp_path: Path) -> None:
    # Without its scripts npm packs what is built already: a build belongs to the tests of that package.
    env = os.environ | {'PYTHON': sys.executable, 'npm_config_ignore_scripts': 'true'}
    script = PROJECT.parents[1] / 'release/packages'
    subprocess.run([script, tmp_path], env=env, capture_output=True, check=True)
    found = re.search(r'^version = "(.*)"$', (PROJECT / 'pyproject.toml').read_text(), re.MULTILINE)
    assert found
    version = found[1]
    assert sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob('*.*')) == [
        f'npm/chatoxide-react-{version}.tgz',
        f'python/chatoxide-{version}-py3-none-any.whl',
        f'python/chatoxide-{version}.tar.gz',
    ]
