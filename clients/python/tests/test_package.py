"""The wheel and the source package as others install them, and the commands of the README as printed."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
from email.parser import Parser
from importlib.metadata import distributions
from pathlib import Path
from zipfile import ZipFile

import pytest
from server import Server, Sqlite, required
from world import next_of

from chatoxide import ChatClient, NewMessage, UserJoined

PROJECT = Path(__file__).parents[1]
REPOSITORY = 'https://github.com/chatoxide/chatoxide'
README = (PROJECT / 'README.md').read_text()
# The blocks of commands, in their order: they install the package, and start the bot.
COMMANDS = re.findall(r'^```sh\n(.*?)^```$', README, re.MULTILINE | re.DOTALL)


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


def wheels(folder: Path) -> Path:
    """The packages that pip would fetch, as wheels of what is installed here."""
    folder.mkdir()
    for package in distributions():
        name = package.metadata['Name']
        if name in ('chatoxide', 'mypy', 'pip', 'ruff', 'setuptools'):
            continue
        tag = Parser().parsestr(package.read_text('WHEEL') or '')['Tag']
        with ZipFile(folder / f'{name.replace("-", "_")}-{package.version}-{tag}.whl', 'w') as wheel:
            for file in package.files or []:
                if file.parts[0] != '..' and file.suffix != '.pyc':
                    wheel.write(str(package.locate_file(file)), file)
    return folder


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in which the server has been built, as far as the README needs it."""
    folder, root = tmp_path / 'clone', PROJECT.parents[1]
    mine = shutil.ignore_patterns('.*', '__pycache__')
    shutil.copytree(PROJECT, folder / 'clients/python', ignore=mine)
    shutil.copytree(root / 'examples/python-bot', folder / 'examples/python-bot', ignore=mine)
    (folder / 'target/release').mkdir(parents=True)
    (folder / 'target/release/chatoxide').symlink_to(required('CHATOXIDE_BIN'))
    return folder


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """The environment of a newcomer: the Python of the system, into which pip may install nothing, and no network."""
    system = Path(sys._base_executable).parent  # type: ignore[attr-defined]
    pip = {'REQUIRE_VIRTUALENV': '1', 'NO_INDEX': '1', 'FIND_LINKS': str(wheels(tmp_path / 'wheels'))}
    settings = {f'PIP_{name}': value for name, value in pip.items()}
    return {'PATH': f'{system}:/usr/bin:/bin', 'HOME': str(tmp_path)} | settings


@pytest.fixture
def installed(clone: Path, shell: dict[str, str]) -> Path:
    """The clone with the package installed by the first commands of the README."""
    run = subprocess.run(
        ['bash', '-euc', COMMANDS[0]], cwd=clone, env=shell, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert run.returncode == 0, run.stdout.decode()
    return clone


def token_of(user: str, folder: Path) -> str:
    command = ['target/release/chatoxide', 'token', '--sub', user]
    return subprocess.run(command, cwd=folder, capture_output=True, check=True, text=True).stdout.strip()


async def test_the_commands_of_the_readme_install_the_package_and_start_the_bot(
    installed: Path, shell: dict[str, str]
) -> None:
    # A demo server, as by `make run`.
    server = Server(Sqlite(installed), installed, {'DATABASE_URL': '', 'JWT_SECRET': ''})
    await server.start()
    try:
        async with ChatClient(server.url, token_of('alice', installed)) as alice:
            general = await alice.join('general')
            events = general.events()
            bot = await asyncio.create_subprocess_exec(
                *('bash', '-euc', COMMANDS[1]),
                cwd=installed,
                env=shell | {'CHAT_URL': server.url},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                assert (await next_of(events, UserJoined)).user.id == 'echo'
                question = await general.send('!echo from the README')
                while (answer := (await next_of(events, NewMessage)).message).reply_to != question.id:
                    pass
                assert answer.content == 'from the README'
            finally:
                os.killpg(bot.pid, signal.SIGINT)
                said, _ = await bot.communicate()
                print(said.decode())
        assert said == b'Good-bye\n'
    finally:
        await server.stop()
