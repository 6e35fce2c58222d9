import Foundation
import Images
import Scene
import StandIn

@testable import Memory

// Walks in a world until it is stopped, and says what is saved: what tests kill.
//
//   walker WORLD            goes on from where the world ends; a line "saved N" for every change, and
//                           "walked N" for every hundred frames
//   walker WORLD --retry M  tries what could not be saved again after M milliseconds
//   walker WORLD --limit B  as on a disk on which no file can be larger than B bytes
//   walker WORLD --hold     only keeps it open, and says "open"
//   walker WORLD --hour N PLOT.png    walks N frames of 1/60 s in a new world, as fast as it can

signal(SIGXFSZ, SIG_IGN)

func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

do {
  let arguments = CommandLine.arguments
  let path = arguments[1]
  if let i = arguments.firstIndex(of: "--hour"), let frames = Int(arguments[i + 1]) {
    let hour = try Hour(frames: frames, world: path)
    try hour.plot.writePNG(to: arguments[i + 2])
    exit(0)
  }
  if !FileManager.default.fileExists(atPath: path) {
    try WorldFile.create(
      at: path, place: StandIn.place, count: 3
    ) { StandIn.keyframe($0) }
  }
  var saving = Saving()
  if let i = arguments.firstIndex(of: "--retry"), let wait = Int(arguments[i + 1]) {
    saving.retry = .milliseconds(wait)
  }
  let file = try WorldFile(at: path, saving: saving)
  if arguments.contains("--hold") {
    say("open")
    while true { sleep(1) }
  }
  if let i = arguments.firstIndex(of: "--limit"), let bytes = rlim_t(arguments[i + 1]) {
    var limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
    #if canImport(Glibc)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    #else
      setrlimit(RLIMIT_FSIZE, &limit)
    #endif
  }
  try walk(in: file)
} catch {
  say("\(error)")
  exit(1)
}

func walk(in file: WorldFile) throws {
  let walk = try (file.walks().last?.id ?? 0) + 1
  let known = file.status.saved
  file.begin(
    WalkRecord(id: walk, known: known, model: "stand-in", weights: "", settings: "{}"))
  var said = WorldFile.Status(saved: known, waiting: 0, trouble: nil)
  for frame in 0... {
    let id = known + frame
    file.log(StandIn.camera(id), walk: walk, frame: frame)
    file.add(StandIn.keyframe(id, walk: walk))
    let status = file.status
    if status.saved != said.saved { say("saved \(status.saved)") }
    if status.trouble != said.trouble { say("trouble \(status.trouble ?? "over")") }
    if frame % 100 == 99 { say("walked \(known + frame + 1)") }
    said = status
    usleep(300)
  }
}
