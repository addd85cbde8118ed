"""OUTPUT as others see it: a folder, or a bucket that is read with boto3. Nothing of the program is used."""

import os
from pathlib import Path


class Folder:
    def __init__(self, address: str):
        self.root = Path(address)

    def create(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)

    def names(self) -> set[str]:
        """Names of all files, hidden ones too, relative to OUTPUT."""
        return {
            os.path.relpath(os.path.join(folder, name), self.root)
            for folder, _, names in os.walk(self.root)
            for name in names
        }

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def delete(self, names: list[str]) -> None:
        for name in names:
            (self.root / name).unlink()

    def unfinished(self) -> None:
        """A folder knows no uploads."""


class Bucket:
    def __init__(self, address: str):
        import boto3

        self.bucket, _, prefix = address.removeprefix("s3://").partition("/")
        self.prefix = prefix.rstrip("/") + "/"
        self.client = boto3.client("s3")

    def create(self) -> None:
        present = [bucket["Name"] for bucket in self.client.list_buckets()["Buckets"]]
        if self.bucket not in present:
            self.client.create_bucket(Bucket=self.bucket)

    def names(self) -> set[str]:
        """Names of all objects, relative to OUTPUT."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        return {entry["Key"].removeprefix(self.prefix) for page in pages for entry in page.get("Contents", [])}

    def read(self, name: str) -> bytes:
        return self.client.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"].read()

    def write(self, name: str, content: bytes, **conditions: str) -> None:
        self.client.put_object(Bucket=self.bucket, Key=self.prefix + name, Body=content, **conditions)

    def delete(self, names: list[str]) -> None:
        for name in names:
            self.client.delete_object(Bucket=self.bucket, Key=self.prefix + name)

    def unfinished(self) -> list[str] | None:
        """Uploads in parts that were neither completed nor aborted; `None` if the server cannot tell."""
        from botocore.exceptions import ClientError

        try:
            uploads = self.client.list_multipart_uploads(Bucket=self.bucket, Prefix=self.prefix)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NotImplemented":
                return None
            raise
        return [upload["Key"] for upload in uploads.get("Uploads", [])]


def open_store(address: str) -> Folder | Bucket:
    store = Bucket(address) if address.startswith("s3://") else Folder(address)
    store.create()
    return store
