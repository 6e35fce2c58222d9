import Testing

@Suite struct BenchRecallTests {
  @Test func theMemoryIsMeasuredInOneDocument() throws {
    let program = try Program(
      "bench", "recall", "--worlds", "0", "--keyframes", "50,200", "--json")
    #expect(program.status == 0)
    let speed = try #require(try program.json()["speed"] as? [[String: Any]])
    #expect(speed.map { $0["keyframes"] as? Int } == [50, 50, 200, 200])
    #expect(speed.map { $0["layout"] as? String } == ["city", "flat", "city", "flat"])
    for result in speed {
      let recall = try #require(result["recall"] as? [String: Double])
      #expect(try #require(recall["p99"]) >= #require(recall["p50"]))
    }
  }

  @Test func numbersOutOfRangeAreRefused() throws {
    #expect(try Program("bench", "recall", "--contexts", "0").status == 2)
    #expect(try Program("bench", "recall", "--worlds", "-1").status == 2)
  }
}
