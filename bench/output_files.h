// Files that appear whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lossbench {

/// Collects files for one directory; nothing is visible there before `commit`.
class OutputFiles {
 public:
  explicit OutputFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// Path under which the file will be found.
  std::filesystem::path add(const std::string& name, std::string bytes);
  /// Writes all files beside their places, then renames them. On failure removes what it wrote and throws InputError.
  void commit();

 private:
  struct File {
    std::filesystem::path path, temporary;
    std::string bytes;
  };
  std::filesystem::path directory_;
  std::vector<File> files_;
};

}  // namespace lossbench
