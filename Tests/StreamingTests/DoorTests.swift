import Testing

@testable import Streaming

@Suite struct DoorTests {
  @Test(arguments: [
    "localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "LocalHost:80",
  ])
  func aLocalServerAnswersToLocalNames(host: String) {
    #expect(Door(listeningOn: "127.0.0.1").admits(host: host))
  }

  @Test(arguments: [
    nil, "", "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.nip.io",
    "[::1", "0.0.0.0",
  ])
  func aLocalServerAnswersToNoOther(host: String?) {
    #expect(!Door(listeningOn: "127.0.0.1").admits(host: host))
    #expect(Door(listeningOn: "0.0.0.0").admits(host: host))
  }

  @Test(arguments: ["127.0.0.1", "0.0.0.0"]) func pagesComeFromTheSameHost(address: String) {
    let door = Door(listeningOn: address)
    let host = "localhost:8080"
    #expect(door.admits(origin: nil, host: host), "a program")
    #expect(door.admits(origin: "http://localhost:8080", host: host))
    #expect(door.admits(origin: "https://LOCALHOST:8080", host: host))
    for origin in [
      "http://localhost:9090", "http://evil.example", "null", "", "http://evil.example:8080",
      "http://localhost:8080.evil.example",
    ] {
      #expect(!door.admits(origin: origin, host: host), "\(origin)")
    }
  }
}
