from __future__ import annotations

import pytest

from interlace.errors import ConnectionFailure


def refused(files):
    with pytest.raises(ConnectionFailure) as raised:
        files.exists("a")
    assert not raised.value.transient
    return raised.value


def test_it_says_where_it_leads_without_a_password(sftp, ssh_server, tmp_path):
    assert f"sftp://loader@127.0.0.1:{ssh_server.port}/{tmp_path.name}" == sftp().where()


def test_files_land_on_the_server(sftp, ssh_server, tmp_path):
    with sftp().write("in/a.txt") as target:
        target.write(b"text")

    assert b"text" == (ssh_server.root / tmp_path.name / "in" / "a.txt").read_bytes()


def test_a_server_that_is_not_known_is_refused_and_not_remembered(sftp, tmp_path):
    (tmp_path / "known_hosts").write_text("")
    error = refused(sftp())

    assert f"is not in {tmp_path}/known_hosts" in error.message
    assert "ssh-keyscan -p" in error.hint
    assert "" == (tmp_path / "known_hosts").read_text()


def test_a_server_with_another_key_is_refused(sftp, ssh_server, tmp_path):
    import asyncssh

    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{ssh_server.port} {other}")

    assert "shows another key than the one in" in refused(sftp()).message


def test_without_the_usual_file_nobody_is_known(sftp, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))

    assert "is not in ~/.ssh/known_hosts" in refused(sftp(known_hosts=None)).message


def test_a_file_of_known_hosts_that_is_not_there_is_named(sftp, tmp_path):
    assert f"There is no file {tmp_path}/none" in refused(sftp(known_hosts="none")).message


def test_a_wrong_password_is_refused_and_not_shown(sftp):
    error = refused(sftp(options={"password": "falsch-geheim"}))

    assert "refuses user and password or key" in error.message
    assert "falsch" not in str(error)


def test_a_key_opens_it_too(sftp, ssh_server):
    files = sftp(options={"key_file": str(ssh_server.root.parent / "user_key")})

    assert not files.exists("a")


def test_a_server_that_is_not_there_is_transient(sftp, tmp_path):
    (tmp_path / "known_hosts").write_text("")
    files = sftp(url="sftp://loader@127.0.0.1:9/a", options={"password": "right", "timeout": 2})
    with pytest.raises(ConnectionFailure, match="cannot be reached") as raised:
        files.exists("a")

    assert raised.value.transient


def test_a_connection_that_is_lost_is_made_again(sftp):
    files = sftp()
    assert not files.exists("a")
    files._made._client.get_transport().close()

    assert not files.exists("a")
