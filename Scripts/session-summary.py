"""What a visit to a GPU found, in a page of text: `session-summary.py STATE RUN`, by session."""

import json
import pathlib
import statistics
import sys


def read(path):
    """A JSON document, or nothing where there is none."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def lines(path):
    """The lines of a run's log; an unfinished last one is left out."""
    found = []
    try:
        for line in path.read_text().splitlines():
            found.append(json.loads(line))
    except (OSError, ValueError):
        pass
    return found


def selfcheck(report):
    wrong = [c for c in report["checks"] if not c["passed"]]
    print(f"device      {report['device']}, libtorch {report['libtorch']}")
    print(f"selfcheck   {len(report['checks']) - len(wrong)} of {len(report['checks'])} checks passed"
          f" in {report['seconds']:.0f} s")
    for check in wrong:
        print(f"  mismatch  {check['name']}, {check['part']}: {check['error']} ({check['tolerance']})")
    for reason in report.get("skipped", []):
        print(f"  without   {reason}")
    for name, rate in report["films_per_second"].items():
        print(f"tracer      {rate:.0f} frames/s, {name}")


def bench(report):
    for r in report["results"]:
        whole, network = r["milliseconds"]["end_to_end"], r["milliseconds"]["network"]
        print(f"bench       {r['preset']} {r['resolution']}, {r['contexts']} contexts, {r['steps']}"
              f" steps, {r['precision']}: {r['frames_per_second']:.1f} frames/s, end to end"
              f" {whole['p50']:.2f} ms (p99 {whole['p99']:.2f}), network {network['p50']:.2f} ms,"
              f" {r['tokens_per_second']:.0f} tokens/s")


def training(name, log):
    steps = [line for line in log if "loss" in line]
    if not steps:
        return
    rates = [line["flops"] for line in steps[1:] or steps if line.get("flops")]
    shares = [line["utilization"] for line in steps[1:] or steps if line.get("utilization")]
    waits = [line.get("waited") or 0 for line in steps[1:] or steps]
    speed = f"{statistics.median(rates) / 1e12:.2f} TFLOP/s" if rates else "no rate"
    share = f" ({100 * statistics.median(shares):.0f} % of the peak)" if shares else ""
    print(f"{name:<12}step {steps[-1]['step']}, loss {steps[-1]['loss']:.4f}, {speed}{share},"
          f" waited for films {100 * statistics.median(waits):.0f} %")


def main(state, run):
    if report := read(state / "logs/selfcheck.json"):
        selfcheck(report)
    if (state / "no-cudnn").exists():
        print("attention   by PyTorch's own kernels: cuDNN's failed here")
    for name in ["bench-256", "bench-4k"]:
        if report := read(state / f"logs/{name}.json"):
            bench(report)
    training("throughput", lines(state / "throughput/log.jsonl"))
    log = lines(run / "log.jsonl")
    training(f"train {run.name}", log)
    for line in [line for line in log if "heldOut" in line][-3:]:
        held = line["heldOut"]
        errors = ", ".join(f"{k} {held[k]:.5f}" for k in ["all", "covered", "uncovered"] if k in held)
        print(f"held out    step {line['step']}: squared errors {errors}")


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
