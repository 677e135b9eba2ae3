#include "bench/output_files.h"

#include <unistd.h>

#include <fstream>

#include "core/error.h"

namespace lossbench {

namespace fs = std::filesystem;

fs::path OutputFiles::add(const std::string& name, std::string bytes) {
  const fs::path temporary = directory_ / ("." + name + "." + std::to_string(getpid()));
  files_.push_back({directory_ / name, temporary, std::move(bytes)});
  return files_.back().path;
}

void OutputFiles::commit() {
  if (files_.empty()) return;
  std::error_code error;
  const bool created = fs::create_directories(directory_, error);
  if (!fs::is_directory(directory_)) throw InputError("--out '" + directory_.string() + "' is no directory and cannot be made one");
  bool written = true;
  for (const File& file : files_) {
    std::ofstream stream(file.temporary, std::ios::binary);
    stream.write(file.bytes.data(), static_cast<std::streamsize>(file.bytes.size()));
    stream.close();
    if (!(written = stream.good())) break;
  }
  for (const File& file : files_)
    if (written && (fs::rename(file.temporary, file.path, error), error)) written = false;
  if (written) return;
  for (const File& file : files_) fs::remove(file.temporary, error);
  if (created) fs::remove(directory_, error);
  throw InputError("--out '" + directory_.string() + "' cannot be written to");
}

}  // namespace lossbench
