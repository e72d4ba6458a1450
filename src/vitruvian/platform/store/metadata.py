"""What all tables share: the names of their constraints, and 64-bit sequences that SQLite and PostgreSQL both have."""

from sqlalchemy import BigInteger, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite's rowid is free only under the name INTEGER; it is 64 bits wide there.
Sequence64 = BigInteger().with_variant(Integer, "sqlite")
