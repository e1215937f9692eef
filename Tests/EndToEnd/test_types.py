"""What types of events there are: declared, seen, and marked where they are not declared."""

import json
import subprocess

from support.server import PROGRAM


def listed(server) -> dict[str, dict]:
    answer = server.http.get("/v1/types")
    assert answer.status_code == 200
    return {item["name"]: item for item in answer.json()["types"]}


def declare(server, *types) -> None:
    server.send({"type": "signalbox.types", "data": {"types": list(types)}})


def test_the_list_has_ours_the_apps_and_what_nobody_declared(launch):
    with launch() as server:
        before = listed(server)
        assert before["llm"]["origin"] == "signalbox" and before["llm"]["span"] and not before["llm"]["seen"]
        assert {item["origin"] for item in before.values()} == {"signalbox"}

        server.send([{"type": "rag.found"}, {"type": "RAG-Cache"}, {"type": "llm.start", "phase": "start", "span": "a"}])
        declare(server, {"name": "rag.found", "meaning": "Documents were found", "fields": {"n": "how many"}},
                {"name": "rag.rerank", "span": True, "meaning": "Put in order"})
        after = listed(server)
        assert after["llm"]["seen"]
        assert after["rag.found"] == {
            "name": "rag.found", "origin": "app", "meaning": "Documents were found", "fields": {"n": "how many"},
            "seen": True}
        assert after["rag.rerank"]["origin"] == "app" and not after["rag.rerank"]["seen"]
        assert after["RAG-Cache"]["origin"] == "seen" and "rag.cache" in after["RAG-Cache"]["problem"]

        # The newest declaration counts, and all of it is still there after a restart.
        declare(server, {"name": "rag.found", "meaning": "Something was found"})
        server.restart()
        again = listed(server)
        assert again["rag.found"]["meaning"] == "Something was found"
        assert again["rag.rerank"]["meaning"] == "Put in order"
        assert again["RAG-Cache"]["seen"]


def test_the_list_is_for_those_who_may_read(launch):
    with launch("--require-keys") as server:
        assert server.http.get("/v1/types").status_code == 401
    with launch() as server:
        answer = server.http.post("/v1/types")
        assert answer.status_code == 405 and answer.headers["allow"] == "GET"


def test_the_program_lists_and_marks_them(launch):
    with launch() as server:
        declare(server, {"name": "rag.found", "meaning": "Documents were found"})
        server.send([{"type": "rag.found"}, {"type": "rag.fuond"}])
        done = server.run("types", "rag.")
        assert done.returncode == 0
        assert done.stdout.splitlines() == ["rag.found  Documents were found", "rag.fuond  not declared"]
        assert [item["name"] for item in json.loads(server.run("types", "--json").stdout)["types"]].count("llm") == 1
        assert server.run("types", "--origin", "seen").stdout == "rag.fuond  not declared\n"
        assert server.run("types", "--origin", "else").returncode == 2

        tail = subprocess.run(
            [PROGRAM, "tail", "--from-start", "--count", "3", "--url", server.url], capture_output=True, text=True,
            timeout=30)
        lines = [line.split(" ", 1)[1] for line in tail.stdout.splitlines()]
        assert lines[1:] == ["event rag.found", "event rag.fuond undeclared"]
